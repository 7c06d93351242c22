#include "appliance/cli/options.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "engine/base/yaml.h"

namespace appliance {
namespace {

using engine::Result;
using engine::Status;

class ProcessEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  }
  Result<std::string> file(const std::string& path) const override {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Status::bad_request("can't read the file " + path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
};

Status problem(const std::string& text) {
  return Status::bad_request(text);
}

const Option* find(const std::vector<Option>& options, std::string_view name) {
  auto found = std::find_if(options.begin(), options.end(),
                            [&](const Option& option) { return option.name == name; });
  return found == options.end() ? nullptr : &*found;
}

Result<engine::Unit> set(Arguments& out, const Option& option, std::string value,
                         const std::string& source, const std::string& where) {
  if (option.value_name.empty() && value != "true" && value != "false")
    return problem(where + ": true or false is wanted, not " + value);
  if (!option.choices.empty() &&
      std::find(option.choices.begin(), option.choices.end(), value) == option.choices.end()) {
    std::string list;
    for (const std::string& choice : option.choices) list += (list.empty() ? "" : ", ") + choice;
    return problem(where + ": " + value + " is none of " + list);
  }
  out.values[option.name] = std::move(value);
  out.sources[option.name] = source;
  return engine::Unit{};
}

Result<engine::Unit> read_flags(const std::vector<Option>& options,
                                const std::vector<std::string>& words, Arguments& out) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "-h" || word == "--help") {
      out.help = true;
      continue;
    }
    if (!word.starts_with("--")) {
      out.words.push_back(word);
      continue;
    }
    size_t equals = word.find('=');
    std::string name = word.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
    const Option* option = find(options, name);
    if (!option) return problem("there is no option --" + name + "; see --help");
    std::string value = "true";
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (!option->value_name.empty()) {
      if (i + 1 == words.size())
        return problem("--" + name + " wants a value: --" + name + " " + option->value_name);
      value = words[++i];
    }
    TRY(set(out, *option, std::move(value), "flag", "--" + name));
  }
  return engine::Unit{};
}

Result<engine::Unit> read_environment(const std::vector<Option>& options,
                                      const Environment& environment, Arguments& out) {
  for (const Option& option : options) {
    if (out.sources.count(option.name)) continue;
    std::string name = environment_name(option.name);
    if (auto value = environment.variable(name)) TRY(set(out, option, *value, "environment", name));
  }
  return engine::Unit{};
}

Result<engine::Unit> read_file(const std::vector<Option>& options, const Environment& environment,
                               const std::string& path, Arguments& out) {
  auto text = TRY(environment.file(path));
  auto yaml = engine::parse_yaml(text);
  if (!yaml) return problem(path + ": " + yaml.error().message());
  if (yaml->is_null()) return engine::Unit{};
  if (!yaml->is_object()) return problem(path + ": a mapping of options is wanted");
  for (const auto& [key, value] : yaml->as_object()) {
    const Option* option = find(options, key);
    if (!option || key == "config") return problem(path + ": there is no option " + key);
    if (value.is_object() || value.is_null()) return problem(path + ": " + key + " wants a value");
    std::string text_value;
    if (value.is_array()) {
      for (const engine::Json& item : value.as_array())
        text_value += (text_value.empty() ? "" : ",") +
                      (item.is_string() ? item.as_string() : engine::dump(item));
    } else {
      text_value = value.is_string() ? value.as_string() : engine::dump(value);
    }
    if (!out.sources.count(key))
      TRY(set(out, *option, std::move(text_value), "file", path + ": " + key));
  }
  return engine::Unit{};
}

}  // namespace

const std::string& Arguments::operator[](std::string_view name) const {
  static const std::string none;
  auto found = values.find(name);
  return found == values.end() ? none : found->second;
}

const Environment& process_environment() {
  static const ProcessEnvironment instance;
  return instance;
}

std::string environment_name(std::string_view option) {
  std::string out = "PADDOCK_";
  for (char c : option)
    out += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

Result<Arguments> parse_arguments(const std::vector<Option>& declared,
                                  const std::vector<std::string>& words,
                                  const Environment& environment) {
  std::vector<Option> options = declared;
  options.push_back({.name = "config",
                     .value_name = "FILE",
                     .otherwise = "",
                     .help = "read options from this YAML file, by the names of the flags"});
  for (const Option& option : declared)
    if (option.secret)
      options.push_back({.name = option.name + "-file",
                         .value_name = "FILE",
                         .otherwise = "",
                         .help = "read " + option.name + " from this file"});
  Arguments out;
  TRY(read_flags(options, words, out));
  if (out.help) return out;
  TRY(read_environment(options, environment, out));
  if (auto config = out.values.find("config"); config != out.values.end())
    TRY(read_file(options, environment, config->second, out));
  for (const Option& option : options) {
    if (out.sources.count(option.name)) continue;
    out.values[option.name] = option.otherwise;
    out.sources[option.name] = "default";
  }
  for (const Option& option : declared) {
    const std::string file = option.secret ? out[option.name + "-file"] : std::string();
    if (file.empty()) continue;
    if (out.given(option.name))
      return problem("both " + option.name + " and " + option.name + "-file are given");
    std::string text = TRY(environment.file(file));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    TRY(set(out, option, std::move(text), "file", file));
  }
  return out;
}

}  // namespace appliance
