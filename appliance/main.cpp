#include <malloc.h>

#include <csignal>
#include <string>
#include <vector>

#include "appliance/cli/command.h"

int main(int argc, char** argv) {
  // A reader that goes away is an error of one write, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  // Large answers come from the system and go back to it; few arenas, or each of the pool's threads
  // keeps the largest list that it ever made.
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
  appliance::CommandSet commands;
  appliance::register_commands(commands);
  return appliance::run_command_line(commands, std::vector<std::string>(argv + 1, argv + argc));
}
