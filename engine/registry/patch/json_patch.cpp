#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/limits.h"
#include "engine/registry/patch/patches.h"

namespace engine {

namespace {

using Path = std::vector<std::string>;

Status does_not_apply(std::string why) {
  return Status::other(
      422, "Invalid",
      "the server rejected our request due to an error in our request: " + std::move(why));
}

std::optional<Path> parse_pointer(std::string_view text) {
  Path out;
  if (text.empty()) return out;
  if (text[0] != '/') return std::nullopt;
  std::string step;
  for (size_t i = 1; i < text.size(); i++) {
    if (text[i] == '/') {
      out.push_back(std::move(step));
      step.clear();
    } else if (text[i] == '~') {
      if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return std::nullopt;
      step += text[++i] == '0' ? '~' : '/';
    } else {
      step += text[i];
    }
  }
  out.push_back(std::move(step));
  return out;
}

// Negative ones count from the end, as upstream's library reads them.
std::optional<size_t> array_index(const std::string& text, size_t size) {
  int64_t index = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  bool leading_zero = text.size() > 1 && text[0] == '0';
  if (leading_zero) return std::nullopt;
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0) return std::nullopt;
  return static_cast<size_t>(index);
}

Json* step_into(Json& at, const std::string& step) {
  if (at.is_object()) return at.find(step);
  if (!at.is_array()) return nullptr;
  auto index = array_index(step, at.size());
  if (!index || *index >= at.size()) return nullptr;
  return &at.as_array()[*index];
}

Json* resolve(Json& root, const Path& path, size_t steps) {
  Json* at = &root;
  for (size_t i = 0; i < steps && at != nullptr; i++) at = step_into(*at, path[i]);
  return at;
}

struct Operation {
  std::string_view op, path_text, from_text;
  Path path, from;
  const Json* value = nullptr;
};

Status missing(const Operation& op, std::string_view path) {
  return does_not_apply(std::string(op.op) + " operation does not apply: doc is missing path: \"" +
                        std::string(path) + "\"");
}

Result<Unit> add(Json& root, const Operation& op, Json value) {
  if (op.path.empty()) {
    root = std::move(value);
    return Unit{};
  }
  Json* parent = resolve(root, op.path, op.path.size() - 1);
  const std::string& last = op.path.back();
  if (parent == nullptr) return missing(op, op.path_text);
  if (parent->is_object()) {
    parent->set(last, std::move(value));
    return Unit{};
  }
  if (!parent->is_array()) return missing(op, op.path_text);
  JsonArray& array = parent->as_array();
  if (last == "-") {
    array.push_back(std::move(value));
    return Unit{};
  }
  auto index = array_index(last, array.size());
  if (!index || *index > array.size())
    return does_not_apply(std::string(op.op) + " operation does not apply: index \"" + last +
                          "\" is out of bounds");
  array.insert(array.begin() + static_cast<ptrdiff_t>(*index), std::move(value));
  return Unit{};
}

Result<Json> take(Json& root, const Operation& op, const Path& path, std::string_view text) {
  if (path.empty()) return does_not_apply("the whole object cannot be removed");
  Json* parent = resolve(root, path, path.size() - 1);
  Json* value = parent == nullptr ? nullptr : step_into(*parent, path.back());
  if (value == nullptr) return missing(op, text);
  Json out = std::move(*value);
  if (parent->is_object()) {
    parent->erase(path.back());
  } else {
    parent->as_array().erase(parent->as_array().begin() + (value - parent->as_array().data()));
  }
  return out;
}

Result<Unit> test(Json& root, const Operation& op) {
  static const Json kNull;
  const Json* there = resolve(root, op.path, op.path.size());
  const Json& wanted = op.value == nullptr ? kNull : *op.value;
  if (there == nullptr && wanted.is_null()) return Unit{};
  if (there == nullptr) return missing(op, op.path_text);
  if (*there == wanted) return Unit{};
  return does_not_apply("testing value " + std::string(op.path_text) + " failed: test failed");
}

Result<Operation> read_operation(const Json& json) {
  if (!json.is_object()) return Status::bad_request("a JSON patch is a list of objects");
  Operation out;
  out.op = json.str("op");
  const Json* path = json.find("path");
  if (path == nullptr || !path->is_string())
    return Status::bad_request("an operation of the JSON patch has no path");
  out.path_text = path->as_string();
  auto parsed = parse_pointer(out.path_text);
  if (!parsed) return Status::bad_request("\"" + path->as_string() + "\" is not a JSON pointer");
  out.path = std::move(*parsed);
  out.value = json.find("value");
  if (out.op == "move" || out.op == "copy") {
    out.from_text = json.str("from");
    auto from = parse_pointer(out.from_text);
    if (json.find("from") == nullptr || !from)
      return Status::bad_request("\"" + std::string(out.from_text) + "\" is not a JSON pointer");
    out.from = std::move(*from);
  } else if ((out.op == "add" || out.op == "replace") && out.value == nullptr) {
    return Status::bad_request("the " + std::string(out.op) + " operation has no value");
  }
  return out;
}

Result<Unit> apply(Json& root, const Operation& op, size_t& copied) {
  if (op.op == "add") return add(root, op, *op.value);
  if (op.op == "remove") {
    TRY(take(root, op, op.path, op.path_text));
    return Unit{};
  }
  if (op.op == "replace") {
    Json* there = resolve(root, op.path, op.path.size());
    if (there == nullptr) return missing(op, op.path_text);
    *there = *op.value;
    return Unit{};
  }
  if (op.op == "move") {
    // A place cannot move into itself.
    bool inside = op.path.size() > op.from.size() &&
                  std::equal(op.from.begin(), op.from.end(), op.path.begin());
    if (inside) return does_not_apply("a value cannot be moved into itself");
    Json value = TRY(take(root, op, op.from, op.from_text));
    return add(root, op, std::move(value));
  }
  if (op.op == "copy") {
    const Json* there = resolve(root, op.from, op.from.size());
    if (there == nullptr) return missing(op, op.from_text);
    copied += dump(*there).size();
    if (copied > limits::kPatchCopyBytesMax)
      return Status::too_large("copy operations of the JSON patch make more than " +
                               std::to_string(limits::kPatchCopyBytesMax) + " bytes");
    return add(root, op, Json(*there));
  }
  if (op.op == "test") return test(root, op);
  return does_not_apply("unknown operation \"" + std::string(op.op) + "\" in the JSON patch");
}

}  // namespace

Result<Unit> json_patch(Json& object, const Json& operations) {
  if (!operations.is_array())
    return Status::bad_request(
        std::string("error decoding patch: expected a list of operations, got ") +
        operations.type_name());
  if (operations.size() > limits::kPatchOperationsMax)
    return Status::too_large("The allowed maximum operations in a JSON patch is " +
                             std::to_string(limits::kPatchOperationsMax) + ", got " +
                             std::to_string(operations.size()));
  size_t copied = 0;
  for (const Json& json : operations.as_array()) {
    Operation op = TRY(read_operation(json));
    TRY(apply(object, op, copied));
  }
  return Unit{};
}

}  // namespace engine
