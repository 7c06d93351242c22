// room: engine_watch
// Selectors and the scans they stand on: any text is taken or refused with a word, and what is
// taken decides the same on bytes as on the parsed object. The first line of the input is the label
// selector, the second the field selector, the rest an object.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/watch/selector.h"
#include "tests/support/fake_kinds.h"

using namespace engine;

std::vector<std::string> fuzz_seeds() {
  const std::string object =
      R"({"metadata":{"name":"p","labels":{"a":"1","b":"\u0062\"}"}},"spec":{"nodeName":"n"}})";
  return {"a=1,b!=2\nspec.nodeName=n\n" + object,
          "a in (1,,2),!c,d notin ()\nmetadata.name!=x,status.phase=\n" + object,
          "x.io/a>3, b<4\nmetadata.namespace==ns\\,x\n" + object,
          "in in (in,notin)\n\n{\"metadata\":{\"labels\":{}}}"};
}

namespace {

std::string_view take_line(std::string_view& text) {
  auto end = text.find('\n');
  auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

}  // namespace

int fuzz_one(std::span<const std::byte> input) {
  static const auto pod = tests::fake_kind("", "v1", "Pod", "pods");
  std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  auto labels = take_line(text), fields = take_line(text);
  auto selector = Selector::parse(*pod, labels, fields);
  if (!selector && selector.error().message().empty()) return 1;
  if (!selector && selector.error().code() != 400) return 2;
  auto object = parse_json(text);
  if (!object || !object->is_object()) {
    // Not an object: scanning it must end all the same.
    ObjectView view("ns", "p", text);
    if (selector) (void)selector->matches(view);
    return 0;
  }
  // Of members with equal names a parser keeps the last, a scan finds the first: stored bytes have
  // none, so both look at what was written from the parsed object.
  std::string stored = dump(*object);
  const Json* name = object->at({"metadata", "name"});
  if (name && name->is_string() &&
      scan_text(scan(stored, {"metadata", "name"})) != name->as_string())
    return 3;
  auto only_labels = LabelSelector::parse(labels);
  const Json* map = object->at({"metadata", "labels"});
  bool strings = map && map->is_object();
  if (strings)
    for (const auto& [key, value] : map->as_object()) strings = strings && value.is_string();
  if (only_labels && strings &&
      only_labels->matches(ObjectView("ns", "p", stored)) != only_labels->matches(*map))
    return 4;
  return 0;
}
