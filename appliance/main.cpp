#include <csignal>
#include <string>
#include <vector>

#include "appliance/cli/command.h"

int main(int argc, char** argv) {
  // A reader that goes away is an error of one write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  appliance::CommandSet commands;
  appliance::register_commands(commands);
  return appliance::run_command_line(commands, std::vector<std::string>(argv + 1, argv + argc));
}
