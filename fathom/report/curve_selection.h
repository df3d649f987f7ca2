// Which curves of a record stand together.
#pragma once

#include <string>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::report {

// Curves of a record, which must outlive them.
using Curves = std::vector<const base::Curve*>;

// Names of the quantities in the order of the record; those along the training come last.
std::vector<std::string> quantities_of(const base::StudyRecord& record);

Curves curves_of(const base::StudyRecord& record, const std::string& quantity);

// The different values of a member (model, group), in order of appearance.
std::vector<std::string> distinct(const Curves& curves, std::string base::Curve::*member);

// Points that have both a time and a mean.
std::size_t points_of(const base::Curve& curve);

// True if there is a standard deviation for every point and not all are zero.
bool has_spread(const base::Curve& curve);

// The number of iterations used in training; NaN if the record does not tell.
double training_depth(const base::StudyRecord& record);

}  // namespace fathom::report
