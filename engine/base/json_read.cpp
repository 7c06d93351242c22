#include <yyjson.h>

#include <algorithm>
#include <memory>

#include "engine/base/json.h"

namespace engine {

namespace {

std::string place(std::string_view text, size_t at) {
  at = std::min(at, text.size());
  std::string_view before = text.substr(0, at);
  size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  size_t start = before.rfind('\n');
  size_t column = start == std::string_view::npos ? at + 1 : at - start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

const char* expected(uint32_t code) {
  switch (code) {
    case YYJSON_READ_ERROR_EMPTY_CONTENT:
      return "a value was expected, there is only white space";
    case YYJSON_READ_ERROR_UNEXPECTED_CONTENT:
      return "unexpected content after the JSON value";
    case YYJSON_READ_ERROR_UNEXPECTED_END:
      return "unexpected end of the JSON text";
    case YYJSON_READ_ERROR_UNEXPECTED_CHARACTER:
      return "unexpected character";
    case YYJSON_READ_ERROR_JSON_STRUCTURE:
      return "a comma, a closing bracket or a value was expected";
    case YYJSON_READ_ERROR_INVALID_NUMBER:
      return "invalid number";
    case YYJSON_READ_ERROR_INVALID_STRING:
      return "invalid string (not UTF-8, a bad escape, or a control character)";
    case YYJSON_READ_ERROR_LITERAL:
      return "true, false or null was expected";
    case YYJSON_READ_ERROR_MEMORY_ALLOCATION:
      return "out of memory";
    default:
      return "not JSON";
  }
}

struct DocFree {
  void operator()(yyjson_doc* doc) const { yyjson_doc_free(doc); }
};

}  // namespace

// Turns yyjson's flat document into a Json. Recursion is bounded by depth_max.
struct JsonReader {
  size_t depth_max;
  std::vector<std::string>* duplicates;
  std::vector<std::string> path = {};  // kept only when duplicates are wanted
  bool too_deep = false;

  std::string path_to(std::string_view key) const {
    std::string out;
    for (const std::string& step : path) {
      if (!out.empty() && step[0] != '[') out += '.';
      out += step;
    }
    if (!out.empty()) out += '.';
    return out.append(key);
  }

  // Members are made in place: a Json moved up level by level would be copied as often as it is
  // deep.
  void object(Json& to, yyjson_val* from, size_t depth) {
    JsonObject& out = to.value_.emplace<JsonObject>();
    out.members_.reserve(yyjson_obj_size(from));
    size_t at, max;
    yyjson_val *key, *value;
    yyjson_obj_foreach(from, at, max, key, value) {
      std::string_view name(yyjson_get_str(key), yyjson_get_len(key));
      size_t seen = out.slot(name);
      if (duplicates != nullptr) {
        if (seen < out.size()) duplicates->push_back(path_to(name));
        path.emplace_back(name);
      }
      if (seen == out.size()) out.add_unseen(name);
      any(out.members_[seen].second, value, depth + 1);
      if (duplicates != nullptr) path.pop_back();
    }
  }

  void array(Json& to, yyjson_val* from, size_t depth) {
    JsonArray& out = to.value_.emplace<JsonArray>();
    out.reserve(yyjson_arr_size(from));
    size_t at, max;
    yyjson_val* value;
    yyjson_arr_foreach(from, at, max, value) {
      if (duplicates != nullptr) path.push_back("[" + std::to_string(at) + "]");
      any(out.emplace_back(), value, depth + 1);
      if (duplicates != nullptr) path.pop_back();
    }
  }

  static void number(Json& to, yyjson_val* from) {
    if (yyjson_is_sint(from)) {
      to.value_.emplace<int64_t>(yyjson_get_sint(from));
    } else if (yyjson_is_uint(from) && yyjson_get_uint(from) <= INT64_MAX) {
      to.value_.emplace<int64_t>(static_cast<int64_t>(yyjson_get_uint(from)));
    } else if (yyjson_is_uint(from)) {
      to.value_.emplace<double>(static_cast<double>(yyjson_get_uint(from)));
    } else {
      to.value_.emplace<double>(yyjson_get_real(from));
    }
  }

  void any(Json& to, yyjson_val* from, size_t depth) {
    switch (yyjson_get_type(from)) {
      case YYJSON_TYPE_BOOL:
        to.value_.emplace<bool>(yyjson_get_bool(from));
        return;
      case YYJSON_TYPE_NUM:
        return number(to, from);
      case YYJSON_TYPE_STR:
        to.value_.emplace<std::string>(yyjson_get_str(from), yyjson_get_len(from));
        return;
      case YYJSON_TYPE_ARR:
      case YYJSON_TYPE_OBJ:
        if (depth >= depth_max || too_deep) {
          too_deep = true;
          return;
        }
        return yyjson_is_arr(from) ? array(to, from, depth) : object(to, from, depth);
      default:
        to.value_ = nullptr;
    }
  }
};

Result<Json> parse_json(std::string_view text, const JsonLimits& limits,
                        std::vector<std::string>* duplicates) {
  if (text.size() > limits.bytes_max) {
    return Status::too_large("the JSON text has " + std::to_string(text.size()) +
                             " bytes, at most " + std::to_string(limits.bytes_max) +
                             " are accepted");
  }
  if (text.empty()) {
    return Status::bad_request("invalid JSON: the text is empty, a value was expected");
  }
  yyjson_read_err error = {};
  std::unique_ptr<yyjson_doc, DocFree> doc(yyjson_read_opts(
      const_cast<char*>(text.data()), text.size(), YYJSON_READ_NOFLAG, nullptr, &error));
  if (doc == nullptr) {
    return Status::bad_request("invalid JSON at " + place(text, error.pos) + ": " +
                               expected(error.code));
  }
  JsonReader reader{limits.depth_max, duplicates};
  Json out;
  reader.any(out, yyjson_doc_get_root(doc.get()), 0);
  if (reader.too_deep) {
    return Status::bad_request("invalid JSON: nested more than " +
                               std::to_string(limits.depth_max) + " levels deep");
  }
  return out;
}

}  // namespace engine
