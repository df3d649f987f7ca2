// The commands that need libtorch. Each does its job, prints its result on stdout and returns the exit code; errors are
// thrown.
#pragma once

#include "app/request.h"

namespace fathom::app {

int cmd_study(const Request& request);
int cmd_data(const Request& request);
int cmd_train(const Request& request);
int cmd_eval(const Request& request);
int cmd_probe(const Request& request);
int cmd_solve_lp(const Request& request);
int cmd_generate(const Request& request);
int cmd_chat(const Request& request);
int cmd_serve(const Request& request);
int cmd_deblur(const Request& request);
int cmd_flow(const Request& request);
int cmd_puzzle(const Request& request);
int cmd_doctor(const Request& request);

}  // namespace fathom::app
