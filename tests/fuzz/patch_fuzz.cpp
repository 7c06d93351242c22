// room: engine_registry
// A patch is the client's: whatever it says, it applies or is refused, and what comes out is JSON
// that reads back the same. The input is an object and a patch, a line each; every kind of patch is
// tried.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/kinds/kind.h"
#include "engine/registry/field_set.h"
#include "engine/registry/managed_fields.h"
#include "engine/registry/patch/patches.h"
#include "engine/registry/typed.h"

namespace {

using namespace engine;

const Kind& pods() {
  static const std::unique_ptr<KindSet> kinds = KindSet::builtin();
  static const KindPtr kind = kinds->snapshot()->by_resource("", "v1", "pods");
  return *kind;
}

bool reads_back(const Json& value) {
  auto again = parse_json(dump(value));
  return again && again.value() == value;
}

// The order of a keyed list is nobody's field: two objects that differ by it alone have no owner to
// find for the difference.
Json in_order(Json value) {
  if (value.is_array()) {
    for (Json& item : value.as_array()) item = in_order(std::move(item));
    std::sort(value.as_array().begin(), value.as_array().end(),
              [](const Json& a, const Json& b) { return dump(a) < dump(b); });
  } else if (value.is_object()) {
    for (auto& [key, member] : value.as_object()) member = in_order(std::move(member));
  }
  return value;
}

// Server-side apply of the patch over the object, then again: the second changes nothing.
bool apply_settles(Json object, const Json& config) {
  FieldsContext context{pods(), "fuzz", "", storage::WallTime{}};
  object["metadata"] = Json::object({{"name", Json("x")}});
  Json named = config;
  if (!named.is_object()) return true;
  named["metadata"] = Json::object({{"name", Json("x")}});
  auto once = apply_config(context, &object, named, Force::yes);
  if (!once) return true;
  auto twice = apply_config(context, &once.value(), named, Force::yes);
  return twice && twice.value() == once.value() && reads_back(once.value());
}

}  // namespace

int fuzz_one(std::span<const std::byte> input) {
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  size_t line = text.find('\n');
  if (line == text.npos) return 0;
  auto object = parse_json(text.substr(0, line));
  auto patch = parse_json(text.substr(line + 1));
  if (auto set = patch ? FieldSet::from_fields_v1(patch.value()) : Status::bad_request("");
      set && !(MUST(FieldSet::from_fields_v1(set.value().to_fields_v1())) == set.value()) &&
      !set.value().member)
    return 4;
  if (!object || !patch || !object.value().is_object()) return 0;
  Json one = object.value(), two = object.value(), three = object.value();
  if (json_patch(one, patch.value()) && !reads_back(one)) return 1;
  if (merge_patch(two, patch.value()) && !reads_back(two)) return 2;
  if (strategic_patch(three, patch.value(), pods().schema().root()) && !reads_back(three)) return 3;
  Comparison changes = compare(&object.value(), &three, &pods().schema().root());
  if (changes.same() && !(in_order(object.value()) == in_order(three))) return 5;
  return apply_settles(object.value(), patch.value()) ? 0 : 6;
}

std::vector<std::string> fuzz_seeds() {
  return {
      R"({"a":[1,2],"b":{"c":1}})"
      "\n"
      R"([{"op":"move","from":"/b/c","path":"/a/-"}])",
      R"({"a":1})"
      "\n"
      R"([{"op":"copy","from":"","path":"/b"},{"op":"test","path":"/b","value":{}}])",
      R"({"metadata":{"labels":{"a":"b"}}})"
      "\n"
      R"({"metadata":{"labels":{"a":null,"$patch":"replace"}}})",
      R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b"}]}})"
      "\n"
      R"({"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","$patch":"delete"},{"name":"c"}]}})",
      R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})"
      "\n"
      R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name"]}]}})",
      R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}]}]}})"
      "\n"
      R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"UDP"},{"containerPort":80}]}]}})",
      R"({"metadata":{"finalizers":["a","b"]}})"
      "\n"
      R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}})",
      R"({})"
      "\n"
      R"({"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"k:{\"name\":\"x\"}":{}}})",
  };
}
