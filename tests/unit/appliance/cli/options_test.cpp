#include <catch2/catch_test_macros.hpp>
#include <map>

#include "appliance/cli/command.h"

using namespace appliance;

namespace {

class FakeEnvironment final : public Environment {
 public:
  std::map<std::string, std::string> variables, files;
  std::optional<std::string> variable(const std::string& name) const override {
    auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
  engine::Result<std::string> file(const std::string& path) const override {
    auto found = files.find(path);
    if (found == files.end()) return engine::Status::bad_request("can't read the file " + path);
    return found->second;
  }
};

const std::vector<Option> kOptions = {
    {.name = "data-dir", .value_name = "DIR", .otherwise = "./data", .help = "where"},
    {.name = "log-format",
     .value_name = "FORMAT",
     .otherwise = "text",
     .help = "how",
     .choices = {"text", "json"}},
    {.name = "quiet", .value_name = "", .otherwise = "false", .help = "less"},
    {.name = "password", .value_name = "TEXT", .otherwise = "", .help = "secret", .secret = true},
};

}  // namespace

SCENARIO("an option comes from flag, environment, file or default, in that order") {
  FakeEnvironment environment;
  environment.files["c.yaml"] = "data-dir: from-file\nquiet: true\nlog-format: json\n";
  environment.variables["PADDOCK_DATA_DIR"] = "from-env";
  auto all = parse_arguments(kOptions, {"--config", "c.yaml", "--log-format=text"}, environment);
  REQUIRE(all);
  CHECK((*all)["data-dir"] == "from-env");
  CHECK((*all)["log-format"] == "text");
  CHECK(all->on("quiet"));
  CHECK_FALSE(all->given("password"));
  auto none = parse_arguments(kOptions, {}, FakeEnvironment());
  REQUIRE(none);
  CHECK((*none)["data-dir"] == "./data");
}

SCENARIO("what is wrong with an option is said where it stands") {
  FakeEnvironment environment;
  environment.files["c.yaml"] = "data-dirr: x\n";
  environment.files["bad.yaml"] = "a: [";
  auto message = [&](std::vector<std::string> words) {
    auto out = parse_arguments(kOptions, words, environment);
    REQUIRE_FALSE(out);
    return out.error().message();
  };
  CHECK(message({"--nope"}) == "there is no option --nope; see --help");
  CHECK(message({"--data-dir"}) == "--data-dir wants a value: --data-dir DIR");
  CHECK(message({"--log-format", "xml"}) == "--log-format: xml is none of text, json");
  CHECK(message({"--config", "c.yaml"}) == "c.yaml: there is no option data-dirr");
  CHECK(message({"--config", "bad.yaml"}).starts_with("bad.yaml: "));
  CHECK(message({"--config", "missing"}) == "can't read the file missing");
  CHECK(message({"--quiet=perhaps"}) == "--quiet: true or false is wanted, not perhaps");
}

SCENARIO("a secret may stand in a file, but not in two places") {
  FakeEnvironment environment;
  environment.files["p"] = "hidden\n";
  auto read = parse_arguments(kOptions, {"--password-file", "p"}, environment);
  REQUIRE(read);
  CHECK((*read)["password"] == "hidden");
  CHECK_FALSE(parse_arguments(kOptions, {"--password-file", "p", "--password", "x"}, environment));
}

SCENARIO("every command explains itself, and every option stands in its help") {
  CommandSet commands;
  register_commands(commands);
  for (const Command& command : commands.all()) {
    std::string help = help_of(command);
    CHECK(help.find(command.summary) == 0);
    for (const Option& option : command.options)
      CHECK(help.find("--" + option.name) != std::string::npos);
  }
}
