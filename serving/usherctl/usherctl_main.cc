#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "serving/usherctl/terminal.h"
#include "serving/usherctl/usherctl.h"

int main(int argc, char** argv) {
  // Failed calls are reported once, by usherctl; gRPC's own log is for those
  // who ask for it.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (const char* token = std::getenv("USHER_TOKEN"); token && *token) {
    // First, so that a flag of the command line replaces it.
    args.insert(args.begin(), std::string("--token=") + token);
  }
  return usher::ctl::RunUsherctl(args, usher::ctl::StandardOutput(), std::cout,
                                 std::cerr);
}
