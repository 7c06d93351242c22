// Command: one word of the command line. A command is one file here and one line in all.inc;
// --help, completion and the environment's names come from its options. Thread: one. Owns: nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "appliance/cli/options.h"

namespace appliance {

struct Command {
  std::string name;
  std::string summary;      // one line, for the list of commands
  std::string description;  // a paragraph, for its own --help
  std::vector<Option> options;
  std::string words = {};  // what it takes besides options, for the usage line: bash|zsh|fish
  std::function<int(const Arguments&)> run;  // the exit code
  bool hidden = false;
};

class CommandSet {
 public:
  void add(Command command) { commands_.push_back(std::move(command)); }
  const Command* find(std::string_view name) const;
  const std::vector<Command>& all() const { return commands_; }

 private:
  std::vector<Command> commands_;
};

// Registers every line of all.inc.
void register_commands(CommandSet& set);
// The whole command line; prints what --help or a mistake wants printed. Returns the exit code (2
// for a mistake in the words).
int run_command_line(const CommandSet& commands, const std::vector<std::string>& words);
std::string help_of(const CommandSet& commands);
std::string help_of(const Command& command);

}  // namespace appliance
