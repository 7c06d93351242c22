// Options: one table says every option of a command; from it come its flag (--data-dir), its
// environment variable (PADDOCK_DATA_DIR), its key in the YAML file (data-dir) and its line in
// --help and in shell completion. Precedence: flag, environment, file, default. An unknown flag or
// key is an error. Thread: one. Owns: its values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"

namespace appliance {

struct Option {
  std::string name;        // data-dir
  std::string value_name;  // DIR in --help; empty: a switch
  std::string otherwise;   // default
  std::string help;
  std::vector<std::string> choices = {};
  bool secret =
      false;  // its value may also come from the file that NAME-file names, and is never printed
};

struct Arguments {
  std::map<std::string, std::string, std::less<>> values;  // every option, defaults filled
  std::map<std::string, std::string, std::less<>>
      sources;                     // "flag", "environment", "file", "default"
  std::vector<std::string> words;  // what is not a flag
  bool help = false;

  const std::string& operator[](std::string_view name) const;
  bool given(std::string_view name) const { return sources.find(name)->second != "default"; }
  bool on(std::string_view name) const { return (*this)[name] == "true"; }
};

class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  virtual engine::Result<std::string> file(const std::string& path) const = 0;
};
const Environment& process_environment();

// `options` gets --config and --help besides. BadRequest says what is wrong and where it stands.
engine::Result<Arguments> parse_arguments(const std::vector<Option>& options,
                                          const std::vector<std::string>& words,
                                          const Environment& environment);

std::string environment_name(std::string_view option);  // PADDOCK_DATA_DIR

}  // namespace appliance
