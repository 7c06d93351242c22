#include "appliance/cli/command.h"

#include <algorithm>
#include <cstdio>

namespace appliance {
namespace {

void print(FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

// Words of a help text, broken before column 100.
std::string wrapped(const std::string& text, size_t indent, size_t first) {
  constexpr size_t kColumns = 100;
  std::string out;
  size_t column = first;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    if (column > indent && column + (end - at) > kColumns) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ', ++column;
    }
    out.append(text, at, end - at);
    column += end - at;
    at = end + 1;
  }
  return out;
}

int wrong(const std::string& text) {
  print(stderr, "paddock: " + text + "\n");
  return 2;
}

}  // namespace

const Command* CommandSet::find(std::string_view name) const {
  auto found = std::find_if(commands_.begin(), commands_.end(),
                            [&](const Command& command) { return command.name == name; });
  return found == commands_.end() ? nullptr : &*found;
}

std::string help_of(const CommandSet& commands) {
  std::string out =
      "Paddock manages Kubernetes clusters from one program.\n\nUsage: paddock COMMAND "
      "[OPTIONS]\n\nCommands:\n";
  for (const Command& command : commands.all())
    if (!command.hidden) out += "  " + padded(command.name, 18) + command.summary + "\n";
  out +=
      "\nBegin with `paddock server`, then open the address that it prints.\n`paddock COMMAND "
      "--help` says more of one command.\n";
  return out;
}

std::string help_of(const Command& command) {
  std::string out = command.summary + "\n\nUsage: paddock " + command.name +
                    (command.options.empty() ? "" : " [OPTIONS]");
  if (!command.words.empty()) out += " " + command.words;
  out += "\n";
  if (!command.description.empty()) out += "\n" + wrapped(command.description, 0, 0) + "\n";
  if (command.options.empty()) return out;
  out += "\nOptions:\n";
  for (const Option& option : command.options) {
    std::string head =
        "  --" + option.name + (option.value_name.empty() ? "" : " " + option.value_name);
    std::string help = option.help;
    if (!option.choices.empty()) {
      std::string list;
      for (const std::string& choice : option.choices) list += (list.empty() ? "" : ", ") + choice;
      help += " (" + list + ")";
    }
    if (!option.otherwise.empty() && !option.secret) help += " [" + option.otherwise + "]";
    if (option.secret) help += "; or --" + option.name + "-file FILE";
    constexpr size_t kHelpColumn = 34;
    out += head.size() + 2 > kHelpColumn ? head + "\n" + std::string(kHelpColumn, ' ')
                                         : padded(head, kHelpColumn);
    out += wrapped(help, kHelpColumn, kHelpColumn) + "\n";
  }
  out += "  " + padded("--config FILE", 32) +
         "read options from a YAML file, by the names of the flags\n";
  out += "\nEvery option is also an environment variable: --" + command.options.front().name +
         " is " + environment_name(command.options.front().name) + ".\n";
  return out;
}

int run_command_line(const CommandSet& commands, const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    const Command* asked = words.size() > 1 ? commands.find(words[1]) : nullptr;
    print(stdout, asked ? help_of(*asked) : help_of(commands));
    return 0;
  }
  const Command* command = commands.find(words[0] == "--version" ? "version" : words[0]);
  if (!command) return wrong("there is no command " + words[0] + "; see paddock --help");
  auto arguments =
      parse_arguments(command->options, {words.begin() + 1, words.end()}, process_environment());
  if (!arguments) return wrong(arguments.error().message());
  if (arguments->help) return print(stdout, help_of(*command)), 0;
  if (!arguments->words.empty() && command->words.empty())
    return wrong("what is " + arguments->words[0] + " for? " + command->name +
                 " takes options only");
  return command->run(*arguments);
}

}  // namespace appliance
