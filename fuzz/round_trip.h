// What a parser owes any input: an Error, or a value that its writer and the parser itself give back unchanged.
// Used by the fuzz targets and by the replay of their corpus in tests/io.
#pragma once

#include <stdexcept>
#include <string_view>

namespace fathom::fuzz {

// An accepted input does not come back from writing and reading.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// Each throws Error when the input is refused, Broken when it is accepted and the round trip fails.
void check_safetensors(std::string_view input);
void check_safetensors_index(std::string_view input);  // has no writer: its files must lie in its folder
void check_mps(std::string_view input);
void check_npy(std::string_view input);
void check_hdf5(std::string_view input);  // the library's parser; what it reads is written as HDF5
void check_csv(std::string_view input);
void check_jsonl(std::string_view input);
void check_study_record(std::string_view input);
void check_tfevents(std::string_view input);
void check_pickle(std::string_view input);      // has no writer: the tree must be one that can be walked
void check_torch_save(std::string_view input);  // what it reads is written as safetensors
void check_tokenizer(std::string_view input);   // has no writer: some texts are encoded and decoded
void check_png(std::string_view input);
void check_jpeg(std::string_view input);  // lossy: what it reads must come back in its size

}  // namespace fathom::fuzz
