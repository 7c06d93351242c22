#include "engine/registry/field_set.h"

#include <algorithm>

namespace engine {

namespace {

// -1, 0, 1 as std::string_view::compare of "f:" + name with edge.
bool is_field(std::string_view edge, std::string_view name) {
  return edge.size() == name.size() + 2 && edge[0] == 'f' && edge.substr(2) == name;
}

std::string printed(std::string_view edge) {
  std::string_view text = edge.substr(2);
  switch (edge[0]) {
    case 'f':
      return "." + std::string(text);
    case 'v':
      return "[=" + std::string(text) + "]";
    case 'i':
      return "[" + std::string(text) + "]";
    default:
      break;
  }
  auto keys = parse_json(text);
  if (!keys || !keys.value().is_object()) return "[" + std::string(text) + "]";
  std::string out = "[";
  for (const auto& [key, value] : keys.value().as_object())
    out += (out.size() > 1 ? "," : "") + key + "=" + dump(value);
  return out + "]";
}

}  // namespace

size_t FieldSet::lower(std::string_view edge) const {
  return static_cast<size_t>(
      std::lower_bound(children_.begin(), children_.end(), edge,
                       [](const Child& c, std::string_view e) { return c.edge < e; }) -
      children_.begin());
}

const FieldSet* FieldSet::find(std::string_view edge) const {
  size_t at = lower(edge);
  return at < children_.size() && children_[at].edge == edge ? &children_[at].set : nullptr;
}

FieldSet* FieldSet::find(std::string_view edge) {
  return const_cast<FieldSet*>(std::as_const(*this).find(edge));
}

const FieldSet* FieldSet::field(std::string_view name) const {
  if (children_.size() <= 8) {
    for (const Child& child : children_)
      if (is_field(child.edge, name)) return &child.set;
    return nullptr;
  }
  return find("f:" + std::string(name));
}

FieldSet& FieldSet::make(std::string_view edge) {
  size_t at = lower(edge);
  if (at == children_.size() || children_[at].edge != edge)
    children_.insert(children_.begin() + static_cast<ptrdiff_t>(at), {std::string(edge), {}});
  return children_[at].set;
}

void FieldSet::put(std::string edge, FieldSet subtree) {
  if (subtree.empty()) return;
  size_t at = lower(edge);
  if (at < children_.size() && children_[at].edge == edge) {
    children_[at].set.unite(std::move(subtree));
  } else {
    children_.insert(children_.begin() + static_cast<ptrdiff_t>(at),
                     {std::move(edge), std::move(subtree)});
  }
}

void FieldSet::unite(const FieldSet& other) {
  member = member || other.member;
  for (const Child& child : other.children_) make(child.edge).unite(child.set);
}

void FieldSet::unite(FieldSet&& other) {
  if (empty()) {
    *this = std::move(other);
    return;
  }
  member = member || other.member;
  for (Child& child : other.children_) put(std::move(child.edge), std::move(child.set));
}

void FieldSet::subtract(const FieldSet& other) {
  if (other.member) member = false;
  if (children_.empty() || other.children_.empty()) return;
  bool emptied = false;
  for (const Child& child : other.children_) {
    FieldSet* mine = find(child.edge);
    if (mine == nullptr) continue;
    mine->subtract(child.set);
    emptied = emptied || mine->empty();
  }
  if (emptied) std::erase_if(children_, [](const Child& c) { return c.set.empty(); });
}

FieldSet FieldSet::intersection(const FieldSet& other) const {
  FieldSet out;
  out.member = member && other.member;
  for (const Child& child : children_)
    if (const FieldSet* theirs = other.find(child.edge))
      out.put(child.edge, child.set.intersection(*theirs));
  return out;
}

bool FieldSet::operator==(const FieldSet& other) const {
  if (member != other.member || children_.size() != other.children_.size()) return false;
  for (size_t i = 0; i < children_.size(); i++) {
    if (children_[i].edge != other.children_[i].edge) return false;
    if (!(children_[i].set == other.children_[i].set)) return false;
  }
  return true;
}

void FieldSet::add_paths(std::string& prefix, std::vector<std::string>& out) const {
  if (member && !prefix.empty()) out.push_back(prefix);
  for (const Child& child : children_) {
    size_t length = prefix.size();
    prefix += printed(child.edge);
    child.set.add_paths(prefix, out);
    prefix.resize(length);
  }
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  std::string prefix;
  add_paths(prefix, out);
  return out;
}

Json FieldSet::to_fields_v1() const {
  JsonObject out;
  if (member && !children_.empty()) out.set(".", Json(JsonObject()));
  for (const Child& child : children_) out.set(child.edge, child.set.to_fields_v1());
  return Json(std::move(out));
}

Result<FieldSet> FieldSet::from_fields_v1(const Json& fields) {
  if (!fields.is_object()) return Status::bad_request("fieldsV1 is not an object");
  FieldSet out;
  out.children_.reserve(fields.size());
  for (const auto& [edge, below] : fields.as_object()) {
    if (edge == ".") {
      out.member = true;
      continue;
    }
    if (edge.size() < 2 || edge[1] != ':' ||
        std::string_view("fkvi").find(edge[0]) == std::string::npos)
      return Status::bad_request("fieldsV1 has the unknown path element " + edge);
    FieldSet child = TRY(from_fields_v1(below));
    if (child.children_.empty()) child.member = true;
    out.put(edge, std::move(child));
  }
  return out;
}

}  // namespace engine
