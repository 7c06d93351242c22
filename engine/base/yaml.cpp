#include "engine/base/yaml.h"

#include <yaml.h>

#include <map>
#include <memory>
#include <optional>

#include "engine/base/base64.h"
#include "engine/base/numbers.h"
#include "engine/base/utf8.h"
#include "engine/base/yaml_scalar.h"

namespace engine {

namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

std::string place(const yaml_mark_t& mark) {
  return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1);
}

std::string_view text_of(const yaml_char_t* s) {
  return s == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(s));
}

// A value with what expanding it again costs.
struct Node {
  Json value;
  size_t nodes = 1;
  size_t bytes = 0;
  size_t height = 1;
  bool merge_key = false;  // a plain <<
};

class YamlReader {
 public:
  YamlReader(std::string_view text, const YamlLimits& limits, std::vector<std::string>* duplicates)
      : limits_(limits), duplicates_(duplicates) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~YamlReader() {
    drop_event();
    yaml_parser_delete(&parser_);
  }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  // The next document's root, or none at the end of the stream.
  Result<std::optional<Json>> next_document() {
    for (;;) {
      TRY(advance());
      if (event_.type == YAML_STREAM_END_EVENT) return std::optional<Json>();
      if (event_.type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      TRY(advance());
      Node root = TRY(node(0));
      TRY(advance());
      return std::optional<Json>(std::move(root.value));
    }
  }
  std::string here() const { return place(event_.start_mark); }

 private:
  void drop_event() {
    if (has_event_) yaml_event_delete(&event_);
    has_event_ = false;
  }

  Status error(const std::string& what) const {
    return Status::bad_request("invalid YAML at " + place(event_.start_mark) + ": " + what);
  }

  Result<Unit> advance() {
    drop_event();
    if (yaml_parser_parse(&parser_, &event_) == 0) {
      std::string what = parser_.problem != nullptr ? parser_.problem : "not YAML";
      yaml_mark_t mark = parser_.problem_mark;
      if (parser_.error == YAML_READER_ERROR) mark = parser_.mark;
      return Status::bad_request("invalid YAML at " + place(mark) + ": " + what);
    }
    has_event_ = true;
    return Unit{};
  }

  Result<Unit> spend(size_t nodes, size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > limits_.nodes_max || bytes_ > limits_.bytes_max) {
      return Status::too_large("the YAML text grows past " + std::to_string(limits_.nodes_max) +
                               " values or " + std::to_string(limits_.bytes_max) +
                               " bytes when its aliases are expanded (at " +
                               place(event_.start_mark) + ")");
    }
    return Unit{};
  }

  Status too_deep() const {
    return error("nested more than " + std::to_string(limits_.depth_max) + " levels deep");
  }

  // The event under the cursor begins the node; after it the cursor is on the node's last event.
  Result<Node> node(size_t depth) {
    if (event_.type == YAML_ALIAS_EVENT) return alias(depth);
    const yaml_char_t* anchor_text = event_.type == YAML_SCALAR_EVENT ? event_.data.scalar.anchor
                                     : event_.type == YAML_SEQUENCE_START_EVENT
                                         ? event_.data.sequence_start.anchor
                                         : event_.data.mapping_start.anchor;
    std::string anchor(text_of(anchor_text));
    if (!anchor.empty()) anchors_[anchor] = nullptr;  // open: an alias to it now is a cycle
    Node out = TRY(anchorless(depth));
    if (!anchor.empty()) anchors_[anchor] = std::make_unique<Node>(out);
    return out;
  }

  Result<Node> anchorless(size_t depth) {
    TRY(spend(1, 0));
    if (event_.type == YAML_SCALAR_EVENT) return scalar();
    if (depth >= limits_.depth_max) return too_deep();
    return event_.type == YAML_SEQUENCE_START_EVENT ? sequence(depth) : mapping(depth);
  }

  Result<Node> alias(size_t depth) {
    std::string name(text_of(event_.data.alias.anchor));
    auto found = anchors_.find(name);
    if (found == anchors_.end()) return error("unknown anchor '" + name + "'");
    if (found->second == nullptr) return error("anchor '" + name + "' contains itself");
    const Node& target = *found->second;
    if (depth + target.height > limits_.depth_max) return too_deep();
    TRY(spend(target.nodes, target.bytes));
    Node out = target;
    out.merge_key = false;
    return out;
  }

  Result<Node> scalar() {
    const auto& data = event_.data.scalar;
    std::string_view text(reinterpret_cast<const char*>(data.value), data.length);
    TRY(spend(0, text.size()));
    Node out;
    out.bytes = text.size();
    out.height = 0;
    std::string_view tag = text_of(data.tag);
    bool plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    if (tag.empty()) {
      if (plain && is_yaml_nonfinite(text)) {
        return error(std::string(text) + " has no meaning in JSON");
      }
      out.merge_key = plain && text == "<<";
      out.value = plain ? resolve_yaml_scalar(text) : Json(text);
      return out;
    }
    if (!tag.starts_with(kTagPrefix)) {
      out.value = Json(text);
      return out;
    }
    out.value = TRY(tagged(tag.substr(kTagPrefix.size()), text));
    return out;
  }

  Result<Json> tagged(std::string_view tag, std::string_view text) {
    if (tag == "binary") {
      auto bytes = base64_decode(text);
      if (!bytes) return error("!!binary value contains invalid base64 data");
      if (!is_utf8(*bytes)) return error("!!binary value is not text, which JSON needs");
      return Json(std::move(*bytes));
    }
    Json value = resolve_yaml_scalar(text);
    bool fits = tag == "bool"    ? value.is_bool()
                : tag == "int"   ? value.is_int()
                : tag == "float" ? value.is_number()
                : tag == "null"  ? value.is_null()
                                 : true;
    if (!fits) {
      return error("cannot decode `" + std::string(text) + "` as a !!" + std::string(tag));
    }
    bool typed = tag == "bool" || tag == "int" || tag == "float" || tag == "null";
    if (tag == "float" && value.is_int()) return Json(value.as_real());
    return typed ? value : Json(text);
  }

  Result<Node> sequence(size_t depth) {
    Node out;
    JsonArray items;
    for (;;) {
      TRY(advance());
      if (event_.type == YAML_SEQUENCE_END_EVENT) break;
      if (duplicates_ != nullptr) path_.push_back("[" + std::to_string(items.size()) + "]");
      Node item = TRY(node(depth + 1));
      if (duplicates_ != nullptr) path_.pop_back();
      add_cost(out, item);
      items.push_back(std::move(item.value));
    }
    out.value = Json(std::move(items));
    return out;
  }

  static void add_cost(Node& to, const Node& part) {
    to.nodes += part.nodes;
    to.bytes += part.bytes;
    to.height = std::max(to.height, part.height + 1);
  }

  Result<std::string> key_text(const Node& key) {
    const Json& value = key.value;
    if (value.is_string()) return std::string(value.as_string());
    if (value.is_bool()) return std::string(value.as_bool() ? "true" : "false");
    if (value.is_int()) return std::to_string(value.as_int());
    if (value.is_real()) return real_to_string(value.as_real());
    return error(std::string("a mapping key must be text, not ") + value.type_name());
  }

  void note_duplicate(const std::string& key) {
    if (duplicates_ == nullptr) return;
    std::string out;
    for (const std::string& step : path_) {
      if (!out.empty() && step[0] != '[') out += '.';
      out += step;
    }
    duplicates_->push_back(out.empty() ? key : out + "." + key);
  }

  Result<Node> mapping(size_t depth) {
    Node out;
    JsonObject own;
    JsonObject merged;  // from << keys; an own key wins wherever it stands
    for (;;) {
      TRY(advance());
      if (event_.type == YAML_MAPPING_END_EVENT) break;
      Node key = TRY(node(depth + 1));
      std::string name = TRY(key_text(key));
      TRY(advance());
      if (duplicates_ != nullptr) path_.push_back(name);
      Node value = TRY(node(depth + 1));
      if (duplicates_ != nullptr) path_.pop_back();
      add_cost(out, key);
      add_cost(out, value);
      if (key.merge_key) {
        TRY(merge(merged, std::move(value.value)));
        continue;
      }
      if (own.find(name) != nullptr) note_duplicate(name);
      own.set(name, std::move(value.value));
    }
    for (auto& [key, value] : merged) {
      if (own.find(key) == nullptr) own.set(key, std::move(value));
    }
    out.value = Json(std::move(own));
    return out;
  }

  // Of several, the first that has a key gives it.
  Result<Unit> merge(JsonObject& into, Json from) {
    JsonArray sources;
    if (from.is_array()) {
      sources = std::move(from.as_array());
    } else {
      sources.push_back(std::move(from));
    }
    for (Json& source : sources) {
      if (!source.is_object()) {
        return error("map merge requires map or sequence of maps as the value");
      }
      for (auto& [key, value] : source.as_object()) {
        if (into.find(key) == nullptr) into.set(key, std::move(value));
      }
    }
    return Unit{};
  }

  const YamlLimits& limits_;
  std::vector<std::string>* duplicates_;
  std::vector<std::string> path_;
  std::map<std::string, std::unique_ptr<Node>> anchors_;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
  yaml_parser_t parser_ = {};
  yaml_event_t event_ = {};
  bool has_event_ = false;
};

Result<Unit> check_size(std::string_view text, const YamlLimits& limits) {
  if (text.size() <= limits.bytes_max) return Unit{};
  return Status::too_large("the YAML text has " + std::to_string(text.size()) + " bytes, at most " +
                           std::to_string(limits.bytes_max) + " are accepted");
}

}  // namespace

Result<Json> parse_yaml(std::string_view text, const YamlLimits& limits,
                        std::vector<std::string>* duplicates) {
  TRY(check_size(text, limits));
  YamlReader reader(text, limits, duplicates);
  std::optional<Json> root = TRY(reader.next_document());
  if (!root) return Json();
  std::optional<Json> second = TRY(reader.next_document());
  if (second) {
    return Status::bad_request("invalid YAML at " + reader.here() +
                               ": one document was expected, there are more");
  }
  return std::move(*root);
}

Result<std::vector<Json>> parse_yaml_stream(std::string_view text, const YamlLimits& limits) {
  TRY(check_size(text, limits));
  YamlReader reader(text, limits, nullptr);
  std::vector<Json> out;
  for (;;) {
    std::optional<Json> root = TRY(reader.next_document());
    if (!root) return out;
    if (!root->is_null()) out.push_back(std::move(*root));
  }
}

}  // namespace engine
