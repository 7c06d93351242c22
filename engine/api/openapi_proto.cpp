#include "engine/api/openapi_proto.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace engine {

namespace {

// Protobuf's wire format, as far as it is needed here.
struct Message {
  std::string bytes;

  void varint(uint64_t n) {
    while (n >= 0x80) {
      bytes += static_cast<char>(n | 0x80);
      n >>= 7;
    }
    bytes += static_cast<char>(n);
  }
  void key(uint32_t field, uint32_t wire) { varint(uint64_t{field} << 3 | wire); }
  void text(uint32_t field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes += value;
  }
  void text_if(uint32_t field, std::string_view value) {
    if (!value.empty()) text(field, value);
  }
  void message(uint32_t field, const Message& value) { text(field, value.bytes); }
  void number(uint32_t field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
  }
  void real(uint32_t field, double value) {
    key(field, 1);
    uint64_t bits = std::bit_cast<uint64_t>(value);
    for (int i = 0; i < 8; i++) bytes += static_cast<char>(bits >> (8 * i));
  }
  void texts(uint32_t field, const Json* list) {
    if (list == nullptr || !list->is_array()) return;
    for (const Json& item : list->as_array()) {
      if (item.is_string()) text(field, item.as_string());
    }
  }
  void flag_if(uint32_t field, const Json& node, std::string_view name) {
    if (node.truth({name})) number(field, 1);
  }
};

// Values of any shape go as YAML text, of which JSON is a part.
Message any(const Json& value) {
  Message out;
  out.text(2, dump(value) + "\n");
  return out;
}

Message named(std::string_view name, const Message& value) {
  Message out;
  out.text(1, name);
  out.message(2, value);
  return out;
}

void extensions(Message& out, uint32_t field, const Json& node) {
  for (const auto& [key, value] : node.as_object()) {
    if (key.starts_with("x-")) out.message(field, named(key, any(value)));
  }
}

Message schema(const Json& node);

// Depth is bounded by that of the schema, which was read within limits.
void schema_children(Message& out, const Json& node) {
  if (const Json* additional = node.find("additionalProperties")) {
    Message item;
    if (additional->is_bool()) {
      item.number(2, additional->as_bool() ? 1 : 0);
    } else {
      item.message(1, schema(*additional));
    }
    out.message(21, item);
  }
  if (!node.str("type").empty()) {
    Message type;
    type.text(1, node.str("type"));
    out.message(22, type);
  }
  if (const Json* items = node.find("items"); items != nullptr && items->is_object()) {
    Message item;
    item.message(1, schema(*items));
    out.message(23, item);
  }
  if (const Json* all = node.find("allOf"); all != nullptr && all->is_array()) {
    for (const Json& part : all->as_array()) out.message(24, schema(part));
  }
  if (const Json* properties = node.find("properties"); properties && properties->is_object()) {
    Message list;
    for (const auto& [name, child] : properties->as_object()) {
      list.message(1, named(name, schema(child)));
    }
    out.message(25, list);
  }
}

Message schema(const Json& node) {
  Message out;
  if (!node.is_object()) return out;
  out.text_if(1, node.str("$ref"));
  out.text_if(2, node.str("format"));
  out.text_if(3, node.str("title"));
  out.text_if(4, node.str("description"));
  if (const Json* otherwise = node.find("default")) out.message(5, any(*otherwise));
  struct Rule {
    const char* name;
    uint32_t field;
  };
  for (Rule rule : {Rule{"multipleOf", 6}, Rule{"maximum", 7}, Rule{"minimum", 9}}) {
    const Json* found = node.find(rule.name);
    if (found != nullptr && found->is_number()) out.real(rule.field, found->as_real());
  }
  out.flag_if(8, node, "exclusiveMaximum");
  out.flag_if(10, node, "exclusiveMinimum");
  out.text_if(13, node.str("pattern"));
  for (Rule rule : {Rule{"maxLength", 11}, Rule{"minLength", 12}, Rule{"maxItems", 14},
                    Rule{"minItems", 15}, Rule{"maxProperties", 17}, Rule{"minProperties", 18}}) {
    const Json* found = node.find(rule.name);
    if (found != nullptr && found->is_int()) out.number(rule.field, found->as_int());
  }
  out.flag_if(16, node, "uniqueItems");
  out.texts(19, node.find("required"));
  if (const Json* choices = node.find("enum"); choices != nullptr && choices->is_array()) {
    for (const Json& choice : choices->as_array()) out.message(20, any(choice));
  }
  schema_children(out, node);
  extensions(out, 31, node);
  return out;
}

Message parameter(const Json& node) {
  Message inner, either, out;
  std::string_view in = node.str("in");
  if (in == "body") {
    inner.text_if(1, node.str("description"));
    inner.text_if(2, node.str("name"));
    inner.text(3, in);
    inner.flag_if(4, node, "required");
    if (const Json* of = node.find("schema")) inner.message(5, schema(*of));
    either.message(1, inner);
  } else {
    bool query = in == "query";
    inner.flag_if(1, node, "required");
    inner.text(2, in);
    inner.text_if(3, node.str("description"));
    inner.text_if(4, node.str("name"));
    inner.text_if(query ? 6 : 5, node.str("type"));
    inner.flag_if(query ? 20 : 19, node, "uniqueItems");
    Message other;
    other.message(query ? 3 : 4, inner);
    either.message(2, other);
  }
  out.message(1, either);
  return out;
}

void parameters(Message& out, uint32_t field, const Json& node) {
  const Json* list = node.find("parameters");
  if (list == nullptr || !list->is_array()) return;
  for (const Json& p : list->as_array()) out.message(field, parameter(p));
}

Message operation(const Json& node) {
  Message out;
  out.texts(1, node.find("tags"));
  out.text_if(3, node.str("description"));
  out.text_if(5, node.str("operationId"));
  out.texts(6, node.find("produces"));
  out.texts(7, node.find("consumes"));
  parameters(out, 8, node);
  Message responses;
  if (const Json* list = node.find("responses"); list != nullptr && list->is_object()) {
    for (const auto& [code, response] : list->as_object()) {
      Message inner, value;
      inner.text_if(1, response.str("description"));
      if (const Json* of = response.find("schema")) {
        Message item;
        item.message(1, schema(*of));
        inner.message(2, item);
      }
      value.message(1, inner);
      responses.message(1, named(code, value));
    }
  }
  out.message(9, responses);
  out.texts(10, node.find("schemes"));
  extensions(out, 13, node);
  return out;
}

}  // namespace

OpenApiProto::OpenApiProto(std::string_view title, std::string_view version) {
  Message info, head;
  info.text(1, title);
  info.text(2, version);
  head.text(1, "2.0");
  head.message(2, info);
  head_ = std::move(head.bytes);
}

void OpenApiProto::add_path(std::string_view path, const Json& item) {
  struct Verb {
    const char* name;
    uint32_t field;
  };
  Message out;
  for (Verb verb :
       {Verb{"get", 2}, Verb{"put", 3}, Verb{"post", 4}, Verb{"delete", 5}, Verb{"patch", 8}}) {
    if (const Json* found = item.find(verb.name)) out.message(verb.field, operation(*found));
  }
  parameters(out, 9, item);
  Message whole;
  whole.message(2, named(path, out));
  paths_ += whole.bytes;
}

void OpenApiProto::add_definition(std::string_view name, const Json& node) {
  Message whole;
  whole.message(1, named(name, schema(node)));
  definitions_ += whole.bytes;
}

std::string OpenApiProto::finish() {
  Message out;
  out.bytes = std::move(head_);
  out.text(8, paths_);
  out.text(9, definitions_);
  Message requirement, key, item;
  requirement.message(1, named("BearerToken", Message()));
  out.message(12, requirement);
  key.text(1, "apiKey");
  key.text(2, "authorization");
  key.text(3, "header");
  key.text(4, "Bearer Token authentication");
  item.message(2, key);
  Message definitions;
  definitions.message(1, named("BearerToken", item));
  out.message(13, definitions);
  return std::move(out.bytes);
}

}  // namespace engine
