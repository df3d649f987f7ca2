// Forcings and flows in the files people keep them in, as the named arrays
//   forcing [N, 2, H, H]   vorticity [N, H, H]         one sample may leave out the first dimension
// of a .npz or an HDF5 file (.h5, .hdf5), or the files forcing.npy and vorticity.npy of a folder; a .npy file alone is
// a forcing; the data.safetensors of a study's run are its test flows. Axis 0 of a field is x, axis 1 is y, points are
// 2 pi i / H (flow.h).
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::pde {

struct FlowArrays {
  Tensor forcing;    // [N, 2, H, H], float32 or float64 as in the file
  Tensor vorticity;  // [N, H, H]; undefined where the file has none
};

// Other arrays of the file are left alone. Errors (fathom::Error), naming the file, the array and the sample: an ending
// that is none of these, no forcing, another shape, a square with sides of different numbers of points or fewer than 8,
// integers, NaN or infinity, a mean that is not zero (beyond 1e-5 of the sample's root mean square: a mean force has no
// steady flow, and a periodic flow no mean vorticity).
FlowArrays read_flows(const std::filesystem::path& path);

// Writes the arrays as float32 or float64, as they are. Errors: an ending other than .npz, .h5 and .hdf5.
void write_arrays(const std::filesystem::path& path, const std::vector<std::pair<std::string, Tensor>>& arrays);

// Whether write_arrays knows the ending.
bool is_array_file(const std::filesystem::path& path);

}  // namespace fathom::pde
