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
      if (!advance()) return std::move(*fault_);
      if (event_.type == YAML_STREAM_END_EVENT) return std::optional<Json>();
      if (event_.type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      Node root;
      if (!advance() || !node(root, 0) || !advance()) return std::move(*fault_);
      return std::optional<Json>(std::move(root.value));
    }
  }
  std::string here() const { return place(event_.start_mark); }

 private:
  // Every step below returns false when it fails and leaves the reason in fault_: levels of nesting
  // are levels of recursion, and a frame with several Results in it would be a large one.
  void drop_event() {
    if (has_event_) yaml_event_delete(&event_);
    has_event_ = false;
  }

  bool fail(Status status) {
    fault_ = std::move(status);
    return false;
  }

  [[gnu::noinline]] bool fail_here(const std::string& what) {
    return fail(Status::bad_request("invalid YAML at " + place(event_.start_mark) + ": " + what));
  }

  [[gnu::noinline]] bool advance() {
    drop_event();
    if (yaml_parser_parse(&parser_, &event_) == 0) {
      std::string what = parser_.problem != nullptr ? parser_.problem : "not YAML";
      yaml_mark_t mark = parser_.problem_mark;
      if (parser_.error == YAML_READER_ERROR) mark = parser_.mark;
      return fail(Status::bad_request("invalid YAML at " + place(mark) + ": " + what));
    }
    has_event_ = true;
    return true;
  }

  [[gnu::noinline]] bool spend(size_t nodes, size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ <= limits_.nodes_max && bytes_ <= limits_.bytes_max) return true;
    return fail(Status::too_large("the YAML text grows past " + std::to_string(limits_.nodes_max) +
                                  " values or " + std::to_string(limits_.bytes_max) +
                                  " bytes when its aliases are expanded (at " +
                                  place(event_.start_mark) + ")"));
  }

  [[gnu::noinline]] bool fail_depth() {
    return fail_here("nested more than " + std::to_string(limits_.depth_max) + " levels deep");
  }

  // Opens the anchor of the node that begins here, if it has one: an alias to it now is a cycle.
  [[gnu::noinline]] std::unique_ptr<Node>* open_anchor() {
    const yaml_char_t* name = event_.type == YAML_SCALAR_EVENT ? event_.data.scalar.anchor
                              : event_.type == YAML_SEQUENCE_START_EVENT
                                  ? event_.data.sequence_start.anchor
                                  : event_.data.mapping_start.anchor;
    if (name == nullptr) return nullptr;
    std::unique_ptr<Node>& place = anchors_[std::string(text_of(name))];
    place = nullptr;
    return &place;
  }

  // The event under the cursor begins the node; after it the cursor is on the node's last event.
  bool node(Node& out, size_t depth) {
    if (event_.type == YAML_ALIAS_EVENT) return alias(out, depth);
    // Nodes of the map stay where they are.
    std::unique_ptr<Node>* anchor = open_anchor();
    if (!spend(1, 0)) return false;
    if (event_.type == YAML_SCALAR_EVENT) {
      if (!scalar(out)) return false;
    } else {
      if (depth >= limits_.depth_max) return fail_depth();
      bool list = event_.type == YAML_SEQUENCE_START_EVENT;
      if (!(list ? sequence(out, depth) : mapping(out, depth))) return false;
    }
    if (anchor != nullptr) *anchor = std::make_unique<Node>(out);
    return true;
  }

  [[gnu::noinline]] bool alias(Node& out, size_t depth) {
    std::string name(text_of(event_.data.alias.anchor));
    auto found = anchors_.find(name);
    if (found == anchors_.end()) return fail_here("unknown anchor '" + name + "'");
    if (found->second == nullptr) return fail_here("anchor '" + name + "' contains itself");
    const Node& target = *found->second;
    if (depth + target.height > limits_.depth_max) return fail_depth();
    if (!spend(target.nodes, target.bytes)) return false;
    out = target;
    out.merge_key = false;
    return true;
  }

  [[gnu::noinline]] bool scalar(Node& out) {
    const auto& data = event_.data.scalar;
    std::string_view text(reinterpret_cast<const char*>(data.value), data.length);
    if (!spend(0, text.size())) return false;
    out.bytes = text.size();
    out.height = 0;
    std::string_view tag = text_of(data.tag);
    bool plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    if (tag.empty()) {
      if (plain && is_yaml_nonfinite(text)) {
        return fail_here(std::string(text) + " has no meaning in JSON");
      }
      out.merge_key = plain && text == "<<";
      out.value = plain ? resolve_yaml_scalar(text) : Json(text);
      return true;
    }
    if (!tag.starts_with(kTagPrefix)) {
      out.value = Json(text);
      return true;
    }
    return tagged(out.value, tag.substr(kTagPrefix.size()), text);
  }

  bool tagged(Json& out, std::string_view tag, std::string_view text) {
    if (tag == "binary") {
      auto bytes = base64_decode(text);
      if (!bytes) return fail_here("!!binary value contains invalid base64 data");
      if (!is_utf8(*bytes)) return fail_here("!!binary value is not text, which JSON needs");
      out = Json(std::move(*bytes));
      return true;
    }
    Json value = resolve_yaml_scalar(text);
    bool fits = tag == "bool"    ? value.is_bool()
                : tag == "int"   ? value.is_int()
                : tag == "float" ? value.is_number()
                : tag == "null"  ? value.is_null()
                                 : true;
    if (!fits) {
      return fail_here("cannot decode `" + std::string(text) + "` as a !!" + std::string(tag));
    }
    bool typed = tag == "bool" || tag == "int" || tag == "float" || tag == "null";
    if (tag == "float" && value.is_int()) value = Json(value.as_real());
    out = typed ? std::move(value) : Json(text);
    return true;
  }

  bool sequence(Node& out, size_t depth) {
    JsonArray items;
    while (advance()) {
      if (event_.type == YAML_SEQUENCE_END_EVENT) {
        out.value = Json(std::move(items));
        return true;
      }
      step_in(items.size());
      Node item;
      if (!node(item, depth + 1)) return false;
      step_out();
      add_cost(out, item);
      items.push_back(std::move(item.value));
    }
    return false;
  }

  static void add_cost(Node& to, const Node& part) {
    to.nodes += part.nodes;
    to.bytes += part.bytes;
    to.height = std::max(to.height, part.height + 1);
  }

  // The path is kept only for those who want to hear of duplicates.
  void step_in(size_t index) {
    if (duplicates_ != nullptr) path_.push_back("[" + std::to_string(index) + "]");
  }
  void step_in(const std::string& name) {
    if (duplicates_ != nullptr) path_.push_back(name);
  }
  void step_out() {
    if (duplicates_ != nullptr) path_.pop_back();
  }

  [[gnu::noinline]] bool key_text(Json& value) {
    if (value.is_string()) return true;
    if (value.is_bool()) {
      value = Json(value.as_bool() ? "true" : "false");
    } else if (value.is_int()) {
      value = Json(std::to_string(value.as_int()));
    } else if (value.is_real()) {
      value = Json(real_to_string(value.as_real()));
    } else {
      return fail_here(std::string("a mapping key must be text, not ") + value.type_name());
    }
    return true;
  }

  [[gnu::noinline]] void note_duplicate(const std::string& key) {
    if (duplicates_ == nullptr) return;
    std::string out;
    for (const std::string& step : path_) {
      if (!out.empty() && step[0] != '[') out += '.';
      out += step;
    }
    duplicates_->push_back(out.empty() ? key : out + "." + key);
  }

  bool mapping(Node& out, size_t depth) {
    JsonObject own;
    JsonObject merged;  // from << keys; an own key wins wherever it stands
    while (advance()) {
      if (event_.type == YAML_MAPPING_END_EVENT) {
        for (auto& [key, value] : merged) {
          if (own.find(key) == nullptr) own.set(key, std::move(value));
        }
        out.value = Json(std::move(own));
        return true;
      }
      Node key, value;
      if (!node(key, depth + 1) || !key_text(key.value) || !advance()) return false;
      const std::string& name = key.value.as_string();
      step_in(name);
      if (!node(value, depth + 1)) return false;
      step_out();
      add_cost(out, key);
      add_cost(out, value);
      if (key.merge_key) {
        if (!merge(merged, std::move(value.value))) return false;
        continue;
      }
      if (own.find(name) != nullptr) note_duplicate(name);
      own.set(name, std::move(value.value));
    }
    return false;
  }

  // Of several, the first that has a key gives it.
  [[gnu::noinline]] bool merge(JsonObject& into, Json from) {
    JsonArray sources;
    if (from.is_array()) {
      sources = std::move(from.as_array());
    } else {
      sources.push_back(std::move(from));
    }
    for (Json& source : sources) {
      if (!source.is_object()) {
        return fail_here("map merge requires map or sequence of maps as the value");
      }
      for (auto& [key, value] : source.as_object()) {
        if (into.find(key) == nullptr) into.set(key, std::move(value));
      }
    }
    return true;
  }

  const YamlLimits& limits_;
  std::vector<std::string>* duplicates_;
  std::optional<Status> fault_;
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
