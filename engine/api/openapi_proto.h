// The OpenAPI v2 document in the protobuf form that kubectl before 1.27 and other older Go clients
// ask for and can read nothing but (com.github.proto-openapi.spec.v2). Only what our documents hold
// is written. Internal to engine/api. Thread: any. Owns: nothing. Source:
// github.com/google/gnostic-models openapiv2/OpenAPIv2.proto (numbers of the fields).
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace engine {

// Clients ask for it under the first name, which is no media type ('@'), or the second, under which
// it is given.
inline constexpr std::string_view kOpenApiProtobufAsked =
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
inline constexpr std::string_view kOpenApiProtobuf =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

// What is written piece by piece, so that the whole document is never a Json.
class OpenApiProto {
 public:
  OpenApiProto(std::string_view title, std::string_view version);
  void add_path(std::string_view path, const Json& item);
  void add_definition(std::string_view name, const Json& schema);
  std::string finish();

 private:
  std::string head_, paths_, definitions_;
};

}  // namespace engine
