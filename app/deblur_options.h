// What `fathom deblur` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct DeblurOptions {
  std::string kernel;
  bool turn = false;
  std::string output;
  std::string method = "model";
  std::string model;  // "": the model that ships with the program
  std::string solver = "anderson";
  std::int64_t iters = 100;
  double tol = 1e-3;
  double seconds = 0;
  double noise = 0;
  std::string edges = "taper";
  std::string reference, curve, strip;  // "": none
  std::int64_t memory = 4096;
  bool precise = false;

  void fields(base::Fields& f) {
    f.add("kernel", kernel,
          "the blur: a .npy or .png file, or delta, gaussian:SIGMA, motion:LENGTH,ANGLE, defocus:RADIUS in pixels and "
          "degrees");
    f.add("turn", turn, "the kernel is a point spread function (the photo is its convolution): turn it by half a turn");
    f.add("output", output, "write the restored photo to this .png or .jpg file");
    f.add_choice("method", method, {"model", "tikhonov", "gradient-tikhonov", "tv"},
                 "a trained model, or a classical method that needs none");
    f.add("model", model, "model file; the one that ships with the program unless given");
    f.add_choice("solver", solver, {"anderson", "picard"}, "how a model's step is iterated");
    f.add("iters", iters, {.at_least = 1, .at_most = 100000}, "iterations at most");
    f.add("tol", tol, {.at_least = 0, .below = 1}, "relative residual at which the image counts as converged");
    f.add("seconds", seconds, {.at_least = 0}, "stop there with the best image so far; 0: no such limit");
    f.add("noise", noise, {.at_least = 0, .below = 1},
          "deviation of the photo's noise, white being 1; 0: measured. For classical methods and HQS models");
    f.add_choice("edges", edges, {"taper", "circular"},
                 "taper: a frame whose opposite borders meet; circular: the blur wrapped around, as synthetic ones do");
    f.add("reference", reference, "the sharp photo, .png or .jpg: print the PSNR to it");
    f.add("curve", curve, "write residual and PSNR at every iteration to this .csv or .svg file");
    f.add("strip", strip, "write the middle of the image at several iterations to this .png file");
    f.add("memory", memory, {.at_least = 1}, "megabytes of a network's activations at once; larger images go in tiles");
    f.add("precise", precise, "the network by direct sums, without Winograd's method");
  }
};

}  // namespace fathom::app
