#include "engine/api/protobuf.h"

#include <bit>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "engine/api/protobuf_values.h"
#include "engine/base/base64.h"
#include "engine/base/limits.h"
#include "engine/base/numbers.h"

extern "C" const char protobuf_facts_begin[], protobuf_facts_end[];

namespace engine {
namespace {

constexpr std::string_view kMagic("k8s\0", 4);

struct WireField {
  uint32_t number = 0;
  std::string_view name, type;
  bool repeated = false, map = false, inlined = false, pointer = false, omit_empty = false;
};

std::string_view word(std::string_view& text, char end) {
  size_t at = std::min(text.find(end), text.size());
  std::string_view out = text.substr(0, at);
  text.remove_prefix(std::min(text.size(), at + 1));
  return out;
}

// The lines of the facts by the name they begin with; a message's fields are taken apart when it is
// needed.
class WireFacts {
 public:
  static const WireFacts& get() {
    static const WireFacts instance;
    return instance;
  }
  std::string_view message_of(std::string_view api_version, std::string_view kind) const {
    std::string key(api_version.find('/') == std::string_view::npos ? "/" : "");
    key.append(api_version).append("/").append(kind);
    if (auto found = kinds_.find(key); found != kinds_.end()) return found->second;
    // metav1 kinds (DeleteOptions and the like) are registered in every group.
    auto meta = kinds_.find("meta.k8s.io/v1/" + std::string(kind));
    return meta == kinds_.end() ? std::string_view() : meta->second;
  }
  std::vector<WireField> fields_of(std::string_view message) const {
    std::vector<WireField> out;
    auto found = messages_.find(message);
    if (found == messages_.end()) return out;
    for (std::string_view rest = found->second; !rest.empty();) {
      std::string_view text = word(rest, ' ');
      WireField field;
      field.number = static_cast<uint32_t>(parse_int(word(text, ':')).value_or(0));
      field.name = word(text, ':');
      for (char flag : word(text, ':')) {
        field.repeated |= flag == 'r';
        field.map |= flag == 'm';
        field.inlined |= flag == 'n';
        field.pointer |= flag == 'p';
        field.omit_empty |= flag == 'o';
      }
      field.type = text;
      out.push_back(field);
    }
    return out;
  }

 private:
  WireFacts() {
    std::string_view rest(protobuf_facts_begin,
                          static_cast<size_t>(protobuf_facts_end - protobuf_facts_begin));
    while (!rest.empty()) {
      std::string_view line = word(rest, '\n');
      std::string_view what = word(line, ' '), name = word(line, ' ');
      if (what == "message") messages_.emplace(name, line);
      if (what == "kind") kinds_.emplace(name, line);
    }
  }
  std::unordered_map<std::string_view, std::string_view> messages_;
  std::unordered_map<std::string_view, std::string_view> kinds_;
};

bool is_scalar(std::string_view type) {
  return type == "str" || type == "bytes" || type == "int" || type == "bool" || type == "double";
}

bool is_zero(const Json& value) {
  if (value.is_string()) return value.as_string().empty();
  if (value.is_int()) return value.as_int() == 0;
  if (value.is_bool()) return !value.as_bool();
  return value.is_null() || ((value.is_array() || value.is_object()) && value.size() == 0);
}

class Decoder {
 public:
  explicit Decoder(std::string_view whole) : begin_(whole.data()) {}

  Result<Json> message(std::string_view type, std::string_view bytes, int depth) {
    if (depth > kDepthMax) return wrong(bytes, "nested too deeply");
    Json out = Json::object();
    const auto fields = WireFacts::get().fields_of(type);
    while (!bytes.empty()) {
      WireValue value = TRY(next(bytes));
      const WireField* field = nullptr;
      for (const WireField& one : fields)
        if (one.number == value.number) field = &one;
      if (!field) continue;  // a newer client's field: upstream drops it too
      TRY(put(*field, value, out, depth));
    }
    for (const WireField& field : fields)
      if (field.omit_empty && !field.pointer)
        if (const Json* value = out.find(field.name); value && is_zero(*value))
          out.erase(field.name);
    return finish_protobuf_value(type, std::move(out));
  }

  // One field's number and payload, taken off the front.
  struct WireValue {
    uint32_t number = 0;
    uint64_t integer = 0;
    std::string_view bytes;
    int wire_type = 0;
  };
  Result<WireValue> next(std::string_view& bytes) {
    uint64_t tag = TRY(varint(bytes));
    WireValue out;
    out.number = static_cast<uint32_t>(tag >> 3);
    out.wire_type = static_cast<int>(tag & 7);
    if (out.number == 0) return wrong(bytes, "field number 0");
    if (out.wire_type == 0) {
      out.integer = TRY(varint(bytes));
    } else if (out.wire_type == 2) {
      uint64_t length = TRY(varint(bytes));
      if (length > bytes.size()) return wrong(bytes, "a field that is longer than the body");
      out.bytes = bytes.substr(0, length);
      bytes.remove_prefix(length);
    } else if (out.wire_type == 1 || out.wire_type == 5) {
      size_t size = out.wire_type == 1 ? 8 : 4;
      if (bytes.size() < size) return wrong(bytes, "a number that is cut off");
      for (size_t i = 0; i < size; ++i)
        out.integer |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
      bytes.remove_prefix(size);
    } else {
      return wrong(bytes, "a wire type that is not in use");
    }
    return out;
  }

 private:
  static constexpr int kDepthMax = 60;

  Status wrong(std::string_view at, const char* what) const {
    return Status::bad_request("the protobuf body has " + std::string(what) + " at byte " +
                               std::to_string(at.data() - begin_));
  }

  Result<uint64_t> varint(std::string_view& bytes) {
    uint64_t out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) return wrong(bytes, "a number that is cut off");
      auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      out |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return out;
    }
    return wrong(bytes, "a number of more than 64 bits");
  }

  Result<Json> scalar(std::string_view type, const WireValue& value) {
    if (type == "str" || type == "bytes") {
      if (value.wire_type != 2)
        return Status::bad_request("the protobuf body has a number where text is wanted");
      return type == "str" ? Json(value.bytes) : Json(base64_encode(value.bytes));
    }
    if (value.wire_type == 2)
      return Status::bad_request("the protobuf body has text where a number is wanted");
    if (type == "bool") return Json(value.integer != 0);
    if (type == "double") return Json(std::bit_cast<double>(value.integer));
    return Json(static_cast<int64_t>(value.integer));
  }

  Result<Json> one(std::string_view type, const WireValue& value, int depth) {
    if (is_scalar(type)) return scalar(type, value);
    if (value.wire_type != 2)
      return Status::bad_request("the protobuf body has a number where a message is wanted");
    return message(type, value.bytes, depth + 1);
  }

  Result<Unit> put(const WireField& field, const WireValue& value, Json& out, int depth) {
    if (field.map) return put_entry(field, value, out[field.name], depth);
    if (field.repeated && value.wire_type == 2 && (field.type == "int" || field.type == "bool"))
      return put_packed(field, value, out[field.name]);
    Json decoded = TRY(one(field.type, value, depth));
    if (field.inlined && decoded.is_object()) {
      for (auto& [name, member] : decoded.as_object()) out.set(name, std::move(member));
    } else if (field.repeated) {
      out[field.name].push_back(std::move(decoded));
    } else if (!decoded.is_null()) {
      out.set(field.name, std::move(decoded));
    }
    return Unit{};
  }

  Result<Unit> put_entry(const WireField& field, const WireValue& value, Json& map, int depth) {
    if (!map.is_object()) map = Json::object();
    std::string key;
    Json content = field.type == "str" || field.type == "bytes" ? Json("") : Json::object();
    for (std::string_view rest = value.bytes; !rest.empty();) {
      WireValue part = TRY(next(rest));
      if (part.number == 1) key = part.bytes;
      if (part.number == 2) content = TRY(one(field.type, part, depth));
    }
    map.set(key, std::move(content));
    return Unit{};
  }

  Result<Unit> put_packed(const WireField& field, const WireValue& value, Json& list) {
    for (std::string_view rest = value.bytes; !rest.empty();) {
      uint64_t number = TRY(varint(rest));
      list.push_back(field.type == "bool" ? Json(number != 0) : Json(static_cast<int64_t>(number)));
    }
    return Unit{};
  }

  const char* begin_;
};

}  // namespace

bool protobuf_knows(std::string_view api_version, std::string_view kind) {
  return !WireFacts::get().message_of(api_version, kind).empty();
}

Result<Json> decode_protobuf(std::string_view body) {
  if (!body.starts_with(kMagic))
    return Status::bad_request(
        "the protobuf body does not begin with the four bytes of Kubernetes' envelope");
  Decoder decoder(body);
  std::string_view rest = body.substr(kMagic.size()), type_meta, raw;
  while (!rest.empty()) {
    auto value = TRY(decoder.next(rest));
    if (value.number == 1) type_meta = value.bytes;
    if (value.number == 2) raw = value.bytes;
  }
  std::string_view api_version, kind;
  while (!type_meta.empty()) {
    auto value = TRY(decoder.next(type_meta));
    if (value.number == 1) api_version = value.bytes;
    if (value.number == 2) kind = value.bytes;
  }
  std::string_view type = WireFacts::get().message_of(api_version, kind);
  if (type.empty())
    return Status::bad_request("no kind \"" + std::string(kind) + "\" of \"" +
                               std::string(api_version) + "\" is known in protobuf form");
  Json object = TRY(decoder.message(type, raw, 0));
  Json out = Json::object({{"kind", kind}, {"apiVersion", api_version}});
  for (auto& [name, value] : object.as_object()) out.set(name, std::move(value));
  return out;
}

}  // namespace engine
