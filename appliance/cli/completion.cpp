// Shell completion, written from the same table of options as --help.
#include <cstdio>
#include <string>

#include "appliance/cli/command.h"

namespace appliance {
namespace {

std::string words_of(const Command& command) {
  std::string out = "--help --config";
  for (const Option& option : command.options) out += " --" + option.name;
  return out;
}

std::string command_names(const CommandSet& commands) {
  std::string out;
  for (const Command& command : commands.all())
    if (!command.hidden) out += (out.empty() ? "" : " ") + command.name;
  return out;
}

std::string bash(const CommandSet& commands) {
  std::string out =
      "# bash completion of paddock; load it with: source <(paddock completion bash)\n"
      "_paddock() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"" +
      command_names(commands) +
      " --help\" -- \"$word\")); return; fi\n"
      "  case \"${COMP_WORDS[1]} $before\" in\n";
  for (const Command& command : commands.all())
    for (const Option& option : command.options) {
      if (option.choices.empty()) continue;
      std::string choices;
      for (const std::string& choice : option.choices) choices += choice + " ";
      out += "    \"" + command.name + " --" + option.name + "\") COMPREPLY=($(compgen -W \"" +
             choices + "\" -- \"$word\")); return ;;\n";
    }
  out +=
      "    *-dir|*-file|*\" --config\"|*\" --kubeconfig\"|*-cert|*-key) COMPREPLY=($(compgen -f -- "
      "\"$word\")); return ;;\n  esac\n  case \"${COMP_WORDS[1]}\" in\n";
  for (const Command& command : commands.all()) {
    std::string words = command.name == "completion" ? "bash zsh fish" : words_of(command);
    out +=
        "    " + command.name + ") COMPREPLY=($(compgen -W \"" + words + "\" -- \"$word\")) ;;\n";
  }
  return out + "  esac\n}\ncomplete -F _paddock paddock\n";
}

std::string zsh(const CommandSet& commands) {
  std::string out =
      "#compdef paddock\n# zsh completion of paddock; load it with: source <(paddock completion "
      "zsh)\n_paddock() {\n  local -a commands\n  commands=(\n";
  for (const Command& command : commands.all())
    if (!command.hidden) out += "    '" + command.name + ":" + command.summary + "'\n";
  out +=
      "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case $words[2] "
      "in\n";
  for (const Command& command : commands.all()) {
    out += "    " + command.name +
           ")\n      _arguments '--help[explain]' '--config=[YAML file]:file:_files'";
    for (const Option& option : command.options) {
      std::string help = option.help;
      for (size_t at = 0; (at = help.find_first_of("'[]:", at)) != std::string::npos;)
        help.erase(at, 1);
      out += " '--" + option.name + (option.value_name.empty() ? "" : "=") + "[" + help + "]";
      if (!option.choices.empty()) {
        out += ":" + option.value_name + ":(";
        for (const std::string& choice : option.choices) out += choice + " ";
        out += ")";
      } else if (!option.value_name.empty()) {
        out += ":" + option.value_name + ":_files";
      }
      out += "'";
    }
    if (command.name == "completion") out += " '1:shell:(bash zsh fish)'";
    out += " ;;\n";
  }
  return out + "  esac\n}\ncompdef _paddock paddock\n";
}

std::string fish(const CommandSet& commands) {
  std::string out =
      "# fish completion of paddock; load it with: paddock completion fish | source\ncomplete -c "
      "paddock -f\n";
  for (const Command& command : commands.all()) {
    if (command.hidden) continue;
    out += "complete -c paddock -n __fish_use_subcommand -a " + command.name + " -d \"" +
           command.summary + "\"\n";
    for (const Option& option : command.options) {
      std::string help = option.help;
      for (size_t at = 0; (at = help.find('"', at)) != std::string::npos;) help.erase(at, 1);
      out += "complete -c paddock -n \"__fish_seen_subcommand_from " + command.name + "\" -l " +
             option.name + " -d \"" + help + "\"";
      if (!option.value_name.empty()) out += " -r";
      if (!option.choices.empty()) {
        out += " -a \"";
        for (const std::string& choice : option.choices) out += choice + " ";
        out += "\"";
      } else if (!option.value_name.empty()) {
        out += " -F";
      }
      out += "\n";
    }
  }
  return out +
         "complete -c paddock -n \"__fish_seen_subcommand_from completion\" -a \"bash zsh fish\"\n";
}

}  // namespace

void register_completion(CommandSet& set) {
  set.add({.name = "completion",
           .summary = "Print a completion script for a shell",
           .description = "",
           .options = {},
           .words = "bash|zsh|fish",
           .run = [](const Arguments& arguments) {
             CommandSet commands;
             register_commands(commands);
             std::string shell = arguments.words.size() == 1 ? arguments.words[0] : "", text;
             if (shell == "bash") text = bash(commands);
             if (shell == "zsh") text = zsh(commands);
             if (shell == "fish") text = fish(commands);
             if (text.empty())
               return std::fputs("paddock: completion wants one of bash, zsh, fish\n", stderr), 2;
             std::fwrite(text.data(), 1, text.size(), stdout);
             return 0;
           }});
}

}  // namespace appliance
