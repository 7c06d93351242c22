// What OpenAPI says of the kinds in the program, held against tests/golden/openapi.txt: one line a
// definition (its fields, a star where required), one a path (its operations), one a v3 document,
// each with a digest of everything else in it. `scripts/golden` writes the file anew; its
// difference is what a change of the facts changes for clients.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/api/openapi.h"
#include "engine/base/digest.h"

using engine::Json;

namespace {

constexpr const char* kFile = "tests/golden/openapi.txt";

std::string digest(std::string_view text) {
  return " #" + engine::sha256_hex(text).substr(0, 12);
}

std::string definition_line(const std::string& name, const Json& schema) {
  std::set<std::string, std::less<>> required;
  if (const Json* list = schema.find("required"))
    for (const Json& field : list->as_array()) required.emplace(field.as_string());
  std::set<std::string> fields;
  if (const Json* properties = schema.find("properties"))
    for (const auto& [field, value] : properties->as_object())
      fields.insert(field + (required.count(field) ? "*" : ""));
  std::string line = "definition " + name + ":";
  for (const std::string& field : fields) line += " " + field;
  return line + digest(engine::dump(schema));
}

std::string path_line(const std::string& path, const Json& item) {
  std::string line = "path " + path + ":";
  for (const auto& [verb, operation] : item.as_object())
    if (operation.is_object()) line += " " + verb + "=" + std::string(operation.str("operationId"));
  return line + digest(engine::dump(item));
}

std::set<std::string> served() {
  auto kinds = engine::KindSet::builtin()->snapshot();
  std::set<std::string> lines;
  Json v2 = MUST(engine::parse_json(engine::openapi_v2_document(*kinds)));
  for (const auto& [name, schema] : v2.find("definitions")->as_object())
    lines.insert(definition_line(name, schema));
  for (const auto& [path, item] : v2.find("paths")->as_object())
    lines.insert(path_line(path, item));
  const Json index = engine::openapi_v3_index(*kinds);
  for (const auto& [path, entry] : index.find("paths")->as_object()) {
    size_t last = path.rfind('/');
    bool core = path.compare(0, 4, "api/") == 0;
    auto document = engine::openapi_v3_document(
        *kinds, core || last < 5 ? "" : path.substr(5, last - 5), path.substr(last + 1));
    if (document) lines.insert("v3 " + path + digest(*document));
  }
  return lines;
}

}  // namespace

TEST_CASE("OpenAPI says what was approved", "[golden][openapi]") {
  const std::set<std::string> now = served();
  if (std::getenv("PADDOCK_APPROVE")) {
    std::ofstream out(kFile);
    for (const std::string& line : now) out << line << '\n';
    REQUIRE(out.good());
    return;
  }
  std::ifstream file(kFile);
  std::set<std::string> approved;
  for (std::string line; std::getline(file, line);) approved.insert(line);
  REQUIRE(approved.size() > 1000);
  for (const std::string& line : approved)
    if (!now.count(line)) UNSCOPED_INFO("approved, no longer said: " << line);
  for (const std::string& line : now)
    if (!approved.count(line)) UNSCOPED_INFO("said, not approved: " << line);
  CHECK(now == approved);
}
