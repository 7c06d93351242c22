// room: engine_api
// Protobuf bodies: whatever the bytes are, the decoder answers with an object or with a Status that
// names a byte; what it gives can be written as JSON.
#include "engine/api/protobuf.h"

#include <span>
#include <string>
#include <vector>

using namespace engine;

namespace {

std::string field(int number, std::string_view bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  out += static_cast<char>(bytes.size());
  return out.append(bytes);
}

std::string envelope(std::string_view version, std::string_view kind, std::string_view object) {
  return std::string("k8s\0", 4) + field(1, field(1, version) + field(2, kind)) + field(2, object);
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::string meta =
      field(1, field(1, "a") + field(3, "ns") + field(11, field(1, "k") + field(2, "v")));
  return {envelope("v1", "ConfigMap", meta + field(2, field(1, "x") + field(2, "y"))),
          envelope("apps/v1", "Deployment",
                   meta + field(2, std::string("\x08\x02", 2) + field(3, meta))),
          envelope("v1", "DeleteOptions", std::string("\x08\x05\x22\x03", 4) + "abc"),
          envelope("apiextensions.k8s.io/v1", "CustomResourceDefinition", meta),
          envelope("v1", "Service",
                   meta + field(1, field(1, field(4, std::string("\x08\x01\x1a\x02hi", 6)))))};
}

int fuzz_one(std::span<const std::byte> input) {
  std::string_view body(reinterpret_cast<const char*>(input.data()), input.size());
  auto object = decode_protobuf(body);
  if (!object) return object.error().code() == 400 ? 0 : 1;
  if (!object->is_object() || object->str("kind").empty()) return 2;
  return dump(*object).empty() ? 3 : 0;
}
