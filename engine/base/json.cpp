#include "engine/base/json.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace engine {

// Open addressing over positions in members_: a slot holds position + 1, or 0 when free.
struct JsonObject::Index {
  std::vector<uint32_t> slots;
  size_t mask = 0;

  static size_t hash(std::string_view key) { return std::hash<std::string_view>{}(key); }

  void rebuild(const std::vector<Member>& members) {
    size_t n = 64;
    while (n < members.size() * 2) n *= 2;
    slots.assign(n, 0);
    mask = n - 1;
    for (size_t i = 0; i < members.size(); i++) put(members[i].first, i);
  }
  void put(std::string_view key, size_t position) {
    size_t at = hash(key) & mask;
    while (slots[at] != 0) at = (at + 1) & mask;
    slots[at] = static_cast<uint32_t>(position + 1);
  }
  size_t find(const std::vector<Member>& members, std::string_view key) const {
    for (size_t at = hash(key) & mask; slots[at] != 0; at = (at + 1) & mask) {
      if (members[slots[at] - 1].first == key) return slots[at] - 1;
    }
    return members.size();
  }
};

JsonObject::JsonObject() = default;

JsonObject::JsonObject(const JsonObject& other) : members_(other.members_) {
  if (other.index_ != nullptr) index_ = new Index(*other.index_);
}

JsonObject::JsonObject(JsonObject&& other) noexcept
    : members_(std::move(other.members_)), index_(std::exchange(other.index_, nullptr)) {
  other.members_.clear();
}

JsonObject& JsonObject::operator=(const JsonObject& other) {
  if (this != &other) *this = JsonObject(other);
  return *this;
}

JsonObject& JsonObject::operator=(JsonObject&& other) noexcept {
  // `other` may live inside a member of this object: what is being replaced must outlive the move.
  JsonObject taken(std::move(other));
  std::swap(members_, taken.members_);
  std::swap(index_, taken.index_);
  return *this;
}

JsonObject::~JsonObject() {
  delete index_;
}

size_t JsonObject::size() const {
  return members_.size();
}

size_t JsonObject::slot(std::string_view key) const {
  if (index_ != nullptr) return index_->find(members_, key);
  size_t i = 0;
  while (i < members_.size() && members_[i].first != key) i++;
  return i;
}

const Json* JsonObject::find(std::string_view key) const {
  size_t i = slot(key);
  return i < members_.size() ? &members_[i].second : nullptr;
}

Json* JsonObject::find(std::string_view key) {
  size_t i = slot(key);
  return i < members_.size() ? &members_[i].second : nullptr;
}

Json& JsonObject::add_unseen(std::string_view key) {
  members_.emplace_back(std::piecewise_construct, std::forward_as_tuple(key), std::tuple<>());
  if (members_.size() <= kIndexFrom) return members_.back().second;
  if (index_ == nullptr || members_.size() * 2 > index_->slots.size()) {
    index_again();
  } else {
    index_->put(members_.back().first, members_.size() - 1);
  }
  return members_.back().second;
}

void JsonObject::index_again() {
  if (members_.size() <= kIndexFrom) {
    delete std::exchange(index_, nullptr);
    return;
  }
  if (index_ == nullptr) index_ = new Index;
  index_->rebuild(members_);
}

Json& JsonObject::operator[](std::string_view key) {
  size_t i = slot(key);
  return i < members_.size() ? members_[i].second : add_unseen(key);
}

void JsonObject::set(std::string_view key, Json value) {
  (*this)[key] = std::move(value);
}

bool JsonObject::erase(std::string_view key) {
  size_t i = slot(key);
  if (i == members_.size()) return false;
  members_.erase(members_.begin() + static_cast<ptrdiff_t>(i));
  if (index_ != nullptr) index_again();
  return true;
}

std::vector<JsonObject::Member>::iterator JsonObject::begin() {
  return members_.begin();
}
std::vector<JsonObject::Member>::iterator JsonObject::end() {
  return members_.end();
}
std::vector<JsonObject::Member>::const_iterator JsonObject::begin() const {
  return members_.begin();
}
std::vector<JsonObject::Member>::const_iterator JsonObject::end() const {
  return members_.end();
}

Json Json::object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  JsonObject out;
  for (const auto& [key, value] : members) out.set(key, value);
  return Json(std::move(out));
}

Json Json::array(std::initializer_list<Json> items) {
  return Json(JsonArray(items));
}

const char* Json::type_name() const {
  static constexpr const char* kNames[] = {"null",   "boolean", "integer", "number",
                                           "string", "array",   "object"};
  return kNames[value_.index()];
}

const Json* Json::find(std::string_view key) const {
  return is_object() ? as_object().find(key) : nullptr;
}

Json* Json::find(std::string_view key) {
  return is_object() ? as_object().find(key) : nullptr;
}

const Json* Json::at(std::initializer_list<std::string_view> path) const {
  const Json* here = this;
  for (std::string_view step : path) {
    here = here->find(step);
    if (here == nullptr) return nullptr;
  }
  return here;
}

std::string_view Json::str(std::string_view key, std::string_view otherwise) const {
  const Json* found = find(key);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : otherwise;
}

std::string_view Json::str(std::initializer_list<std::string_view> path,
                           std::string_view otherwise) const {
  const Json* found = at(path);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : otherwise;
}

int64_t Json::integer(std::initializer_list<std::string_view> path, int64_t otherwise) const {
  const Json* found = at(path);
  if (found == nullptr) return otherwise;
  if (found->is_int()) return found->as_int();
  if (!found->is_real()) return otherwise;
  // The largest double below 2^63; beyond it the conversion would be undefined.
  double real = found->as_real();
  if (!(real >= -9223372036854775808.0 && real <= 9223372036854774784.0)) return otherwise;
  int64_t whole = static_cast<int64_t>(real);
  return static_cast<double>(whole) == real ? whole : otherwise;
}

bool Json::truth(std::initializer_list<std::string_view> path, bool otherwise) const {
  const Json* found = at(path);
  return found != nullptr && found->is_bool() ? found->as_bool() : otherwise;
}

size_t Json::size() const {
  if (is_object()) return as_object().size();
  return is_array() ? as_array().size() : 0;
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = JsonObject();
  return as_object()[key];
}

Json& Json::make(std::initializer_list<std::string_view> path) {
  Json* here = this;
  for (std::string_view step : path) {
    if (!here->is_object()) here->value_ = JsonObject();
    here = &here->as_object()[step];
  }
  return *here;
}

bool Json::erase(std::string_view key) {
  return is_object() && as_object().erase(key);
}

void Json::push_back(Json value) {
  if (is_null()) value_ = JsonArray();
  as_array().push_back(std::move(value));
}

static bool same_members(const JsonObject& a, const JsonObject& b) {
  if (a.size() != b.size()) return false;
  auto in_b = b.begin();
  for (const auto& [key, value] : a) {
    // Mostly both are in one order: look beside before searching.
    const Json* other = in_b->first == key ? &in_b->second : b.find(key);
    ++in_b;
    if (other == nullptr || !(value == *other)) return false;
  }
  return true;
}

bool Json::operator==(const Json& other) const {
  if (is_number() && other.is_number()) {
    if (is_int() && other.is_int()) return as_int() == other.as_int();
    return as_real() == other.as_real();
  }
  if (value_.index() != other.value_.index()) return false;
  if (is_object()) return same_members(as_object(), other.as_object());
  if (is_array()) return as_array() == other.as_array();
  if (is_string()) return as_string() == other.as_string();
  return is_bool() ? as_bool() == other.as_bool() : true;
}

}  // namespace engine
