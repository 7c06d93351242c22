// Content negotiation: which form an answer is to have (Accept), and which one a body has
// (Content-Type). We answer in JSON and YAML; clients that would rather have protobuf name JSON
// after it. Bodies may also come as protobuf. Thread: values. Owns: nothing. Source:
// k8s.io/apiserver pkg/endpoints/handlers/negotiation.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/http.h"

namespace engine {

enum class Media : uint8_t { json, yaml, protobuf };  // protobuf: bodies of requests only

// What the client wants instead of the object itself.
enum class Shape : uint8_t { object, table, metadata, metadata_list };

struct Output {
  Media media = Media::json;
  Shape shape = Shape::object;
  std::string meta_version = "v1";  // of meta.k8s.io, for the other shapes
  bool pretty = false;
  std::string include_object;  // of a Table: "", None, Metadata or Object

  std::string_view content_type() const {
    return media == Media::json ? "application/json" : "application/yaml";
  }
};

// What an endpoint can give besides plain objects.
enum class Transforms : uint8_t { none, all };

// 406 names what there is.
Result<Output> negotiate_output(const Request& request, Transforms transforms);
// A watch streams JSON only.
Result<Output> negotiate_watch(const Request& request);
// 415 names what there is. No Content-Type: JSON.
Result<Media> negotiate_input(const Request& request);
// The media type without its parameters, in lower case.
std::string media_type(std::string_view header);

}  // namespace engine
