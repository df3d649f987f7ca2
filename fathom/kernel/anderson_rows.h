// One row's share of anderson.h; anderson.cpp goes over the batch.
#pragma once

#include <cstdint>
#include <span>

#include "fathom/kernel/anderson.h"

namespace fathom::kernel {

template <class T, class Column = T>
struct AndersonRow {
  const T* y = nullptr;
  const T* g = nullptr;
  const T* y_prev = nullptr;
  const T* g_prev = nullptr;
  Column* dr = nullptr;  // where the newest columns go; null at the first point
  Column* dg = nullptr;
  const Column* const* columns = nullptr;  // dr by age, the newest first
  std::int64_t count = 0;
};

template <class T, class Column>
void anderson_measure_row(const AndersonRow<T, Column>& row, std::span<const std::int64_t> part_start,
                          Squares* squares,  // [parts]
                          AndersonProducts& products);

template <class T, class Column>
void anderson_advance_row(const LiveRow& live, const T* g, const AndersonHistory<T, Column>& history, const Ring& ring,
                          const double* weights,  // [age]
                          T damping, T* y, T* best, std::uint8_t& best_is_previous);

}  // namespace fathom::kernel
