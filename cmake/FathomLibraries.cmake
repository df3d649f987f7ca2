# What the rooms stand on, all from Debian (docs/dependencies.md says why each is here). The installed package includes this
# file too.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(hwy QUIET CONFIG)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(dnnl REQUIRED CONFIG)
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial)
pkg_check_modules(ONIG REQUIRED oniguruma)  # its header; io/oniguruma.h says why it is not linked
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(CLP REQUIRED IMPORTED_TARGET clp)
pkg_check_modules(MUPARSER REQUIRED IMPORTED_TARGET muparser)
if(NOT TARGET hwy::hwy)
  pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
  add_library(hwy::hwy ALIAS PkgConfig::HWY)
endif()

# libtorch: Debian's by default, any other through Torch_DIR or CMAKE_PREFIX_PATH. Its flags stay on its own target.
set(fathom_saved_cxx_flags "${CMAKE_CXX_FLAGS}")
find_package(Torch REQUIRED)
set(CMAKE_CXX_FLAGS "${fathom_saved_cxx_flags}")
add_library(fathom_torch INTERFACE IMPORTED)
target_link_libraries(fathom_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(fathom_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(fathom_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(fathom_torch INTERFACE ${fathom_torch_flags})
# Clang parses libtorch 1.13 as C++20 only when this header comes before every other one of it.
target_compile_options(fathom_torch INTERFACE "$<$<CXX_COMPILER_ID:Clang>:SHELL:-include ATen/core/ivalue.h>")
