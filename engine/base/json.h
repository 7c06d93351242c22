// Json: a JSON value with insertion-ordered objects, read and written through yyjson. The one JSON
// type of the program; also built for WASM. Integers and reals are kept apart (1 and 1.0 compare
// equal). Nesting and size are limited when read, so walking a Json may recurse. Thread: a value;
// const use from any thread. Owns: its members.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/status.h"

namespace engine {

class Json;
using JsonArray = std::vector<Json>;

// Members in order of insertion; keys are unique. Lookups are linear in small objects and indexed
// in large ones.
class JsonObject {
 public:
  using Member = std::pair<std::string, Json>;
  JsonObject();
  JsonObject(const JsonObject&);
  JsonObject(JsonObject&&) noexcept;
  JsonObject& operator=(const JsonObject&);
  JsonObject& operator=(JsonObject&&) noexcept;
  ~JsonObject();
  size_t size() const;
  bool empty() const { return size() == 0; }
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  Json& operator[](std::string_view key);  // inserts null at the end when absent
  void set(std::string_view key, Json value);
  bool erase(std::string_view key);       // keeps the order of the others
  std::vector<Member>::iterator begin();  // keys must not be changed through it
  std::vector<Member>::iterator end();
  std::vector<Member>::const_iterator begin() const;
  std::vector<Member>::const_iterator end() const;

 private:
  struct Index;
  static constexpr size_t kIndexFrom = 24;
  std::vector<Member> members_;
  Index* index_ = nullptr;  // there while the object has more than kIndexFrom members
  Json& add_unseen(std::string_view key);
  void index_again();
  size_t slot(std::string_view key) const;
  friend struct JsonReader;
};

class Json {
 public:
  Json() : value_(nullptr) {}
  Json(std::nullptr_t) : value_(nullptr) {}
  Json(bool b) : value_(b) {}
  template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>) Json(I i)
      : value_(static_cast<int64_t>(i)) {}
  Json(double d) : value_(d) {}
  Json(std::string s) : value_(std::move(s)) {}
  Json(std::string_view s) : value_(std::string(s)) {}
  Json(const char* s) : value_(std::string(s)) {}
  Json(JsonArray a) : value_(std::move(a)) {}
  Json(JsonObject o) : value_(std::move(o)) {}
  static Json object(std::initializer_list<std::pair<std::string_view, Json>> members = {});
  static Json array(std::initializer_list<Json> items = {});

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<int64_t>(value_); }
  bool is_real() const { return std::holds_alternative<double>(value_); }
  bool is_number() const { return is_int() || is_real(); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<JsonArray>(value_); }
  bool is_object() const { return std::holds_alternative<JsonObject>(value_); }
  const char* type_name() const;  // null, boolean, integer, number, string, array, object

  // The caller has checked the type.
  bool as_bool() const { return std::get<bool>(value_); }
  int64_t as_int() const { return std::get<int64_t>(value_); }
  double as_real() const {
    return is_int() ? static_cast<double>(as_int()) : std::get<double>(value_);
  }
  const std::string& as_string() const { return std::get<std::string>(value_); }
  std::string& as_string() { return std::get<std::string>(value_); }
  const JsonArray& as_array() const { return std::get<JsonArray>(value_); }
  JsonArray& as_array() { return std::get<JsonArray>(value_); }
  const JsonObject& as_object() const { return std::get<JsonObject>(value_); }
  JsonObject& as_object() { return std::get<JsonObject>(value_); }

  // Lenient reading: what is absent or of another type is "not there".
  const Json* find(std::string_view key) const;  // null unless an object with that member
  Json* find(std::string_view key);
  const Json* at(
      std::initializer_list<std::string_view> path) const;  // null when any step is missing
  std::string_view str(std::string_view key, std::string_view otherwise = {}) const;
  std::string_view str(std::initializer_list<std::string_view> path,
                       std::string_view otherwise = {}) const;
  int64_t integer(std::initializer_list<std::string_view> path, int64_t otherwise = 0) const;
  bool truth(std::initializer_list<std::string_view> path, bool otherwise = false) const;
  size_t size() const;  // members or items; 0 for others

  // Writing: null becomes an object (or array) on first use.
  Json& operator[](std::string_view key);
  Json& make(std::initializer_list<std::string_view>
                 path);  // objects all the way, the last member is returned
  void set(std::string_view key, Json value) { (*this)[key] = std::move(value); }
  bool erase(std::string_view key);
  void push_back(Json value);

  bool operator==(const Json& other) const;  // objects regardless of order

 private:
  friend struct JsonReader;
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, JsonArray, JsonObject> value_;
};

struct JsonLimits {
  size_t depth_max = 500;  // as deep as any Kubernetes object is; 10,000 deep is refused
  size_t bytes_max = 16u << 20;
};
// Strict RFC 8259 and UTF-8. The error says line, column and what was expected. Of equal keys the
// last one counts; `duplicates` receives the path of each ("metadata.labels.a") when given.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {},
                        std::vector<std::string>* duplicates = nullptr);
std::string dump(const Json& value);
void dump_to(std::string& out, const Json& value);
std::string dump_pretty(const Json& value);  // two spaces

}  // namespace engine
