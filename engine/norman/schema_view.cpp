#include "engine/norman/schema_view.h"

#include <algorithm>
#include <charconv>

#include "engine/base/text.h"

extern "C" const char norman_data_begin[], norman_data_end[];

namespace engine {
namespace {

std::string record_key(char kind, std::string_view path, std::string_view name) {
  std::string key(1, kind);
  key.append(" ").append(path).append(" ").append(lower(name));
  return key;
}

bool lists(const Json& schema, std::string_view member, std::string_view word) {
  const Json* list = schema.find(member);
  if (!list || !list->is_array()) return false;
  for (const Json& item : list->as_array())
    if (item.is_string() && item.as_string() == word) return true;
  return false;
}

// The facts are made at build time from files that the tests read whole, so a record that does not
// parse cannot be there.
Json parse_fact(std::string_view text) {
  return MUST(parse_json(text));
}

}  // namespace

TypeName split_type(std::string_view type) {
  size_t open = type.find('[');
  if (open == std::string_view::npos || type.back() != ']') return {type, {}};
  return {type.substr(0, open), type.substr(open + 1, type.size() - open - 2)};
}

std::string_view bare_type(std::string_view type) {
  return type.substr(type.rfind('/') + 1);
}

SchemaView::SchemaView(std::string path, std::string id, Json schema)
    : path_(std::move(path)), id_(std::move(id)), schema_(std::move(schema)) {
  plural_ = schema_.str("pluralName");
  base_type_ = schema_.str("_baseType", id_);
  namespaced_ = schema_.str("_scope") == "namespace";
  const Json* declared = schema_.find("resourceFields");
  if (!declared || !declared->is_object()) return;
  for (const auto& [name, field] : declared->as_object()) {
    fields_.push_back({.name = name,
                       .type = std::string(field.str("type")),
                       .create = field.truth({"create"}),
                       .update = field.truth({"update"}),
                       .nullable = field.truth({"nullable"}),
                       .required = field.truth({"required"}),
                       .write_only = field.truth({"writeOnly"}),
                       .declaration = &field});
  }
  std::sort(fields_.begin(), fields_.end(),
            [](const Field& a, const Field& b) { return a.name < b.name; });
}

const Field* SchemaView::field(std::string_view name) const {
  auto at = std::lower_bound(
      fields_.begin(), fields_.end(), name,
      [](const Field& field, std::string_view wanted) { return field.name < wanted; });
  return at != fields_.end() && at->name == name ? &*at : nullptr;
}

bool SchemaView::collection_method(std::string_view method) const {
  return lists(schema_, "collectionMethods", method);
}
bool SchemaView::resource_method(std::string_view method) const {
  return lists(schema_, "resourceMethods", method);
}
std::string SchemaView::collection_path() const {
  return path_ + "/" + lower(plural_);
}

SchemaSet::SchemaSet() {
  std::string_view rest(norman_data_begin,
                        static_cast<size_t>(norman_data_end - norman_data_begin));
  while (!rest.empty()) {
    std::string_view head = rest.substr(0, rest.find('\n'));
    size_t first = head.find(' '), second = head.find(' ', first + 1),
           third = head.find(' ', second + 1);
    if (third == std::string_view::npos) break;
    char kind = head[0];
    std::string_view path = head.substr(first + 1, second - first - 1);
    std::string id(head.substr(second + 1, third - second - 1));
    size_t length = 0;
    std::from_chars(head.data() + third + 1, head.data() + head.size(), length);
    std::string_view text = rest.substr(head.size() + 1, length);
    rest.remove_prefix(std::min(rest.size(), head.size() + 1 + length + 1));
    keep(records_, kind, path, {text, id});
    if (kind == 'P') ids_[std::string(path)].push_back(std::move(id));
  }
}

void SchemaSet::keep(Records& records, char kind, std::string_view path, Record record) {
  records.insert_or_assign(record_key(kind, path, record.id), record);
  if (kind != 'P') return;
  // Collections are asked for by their plural, which stands in the text; finding it costs no parse.
  constexpr std::string_view kMark = "\"pluralName\":\"";
  size_t at = record.text.find(kMark);
  if (at == std::string_view::npos) return;
  std::string_view plural = record.text.substr(at + kMark.size());
  plural = plural.substr(0, plural.find('"'));
  records.try_emplace(record_key(kind, path, plural), std::move(record));
}

void SchemaSet::lay_over(std::vector<LaidOver> schemas) {
  constexpr std::string_view kPath = "/v3";
  std::lock_guard lock(mutex_);
  over_.clear();
  ids_over_ = ids_[std::string(kPath)];
  for (LaidOver& one : schemas) {
    const std::string& text = *texts_over_.insert(std::move(one.text)).first;
    keep(over_, one.kind, kPath, {text, one.id});
    if (one.kind != 'P') continue;
    auto at = std::lower_bound(ids_over_.begin(), ids_over_.end(), one.id);
    if (at == ids_over_.end() || *at != one.id) ids_over_.insert(at, std::move(one.id));
  }
  generation_.fetch_add(1, std::memory_order_release);
}

const SchemaSet::Record* SchemaSet::record(char kind, std::string_view path,
                                           std::string_view name) const {
  const std::string key = record_key(kind, path, name);
  if (auto found = over_.find(key); found != over_.end()) return &found->second;
  auto found = records_.find(key);
  return found == records_.end() ? nullptr : &found->second;
}

const SchemaView* SchemaSet::view_of(std::string_view path, const Record& found) const {
  auto& slot = views_[found.text.data()];
  if (!slot) {
    Json schema = parse_fact(found.text);
    // What is published leaves out the scope, and its baseType is that of a schema; the raw schema
    // knows both.
    if (const Record* raw = record('R', path, found.id)) {
      Json whole = parse_fact(raw->text);
      schema.set("_scope", whole.str("_scope"));
      schema.set("_baseType", whole.str("baseType", found.id));
    } else {
      schema.set("_baseType", found.id);
    }
    slot = std::make_unique<SchemaView>(std::string(path), found.id, std::move(schema));
  }
  return slot.get();
}

const SchemaView* SchemaSet::view(char kind, std::string_view path, std::string_view name) const {
  std::lock_guard lock(mutex_);
  const Record* found = record(kind, path, name);
  return found ? view_of(path, *found) : nullptr;
}

const SchemaView* SchemaSet::published(std::string_view path, std::string_view name) const {
  return view('P', path, name);
}

const SchemaView* SchemaSet::original(std::string_view path, std::string_view name) const {
  auto found = records_.find(record_key('P', path, name));
  if (found == records_.end()) return nullptr;
  std::lock_guard lock(mutex_);
  return view_of(path, found->second);
}

std::string_view SchemaSet::original_text(std::string_view path, std::string_view id) const {
  auto found = records_.find(record_key('P', path, id));
  return found == records_.end() ? std::string_view() : found->second.text;
}

bool SchemaSet::has_original(std::string_view path, std::string_view id) const {
  return records_.count(record_key('P', path, id)) > 0 ||
         records_.count(record_key('R', path, id)) > 0;
}

const SchemaView* SchemaSet::any(std::string_view path, std::string_view name) const {
  std::string_view bare = bare_type(name);
  if (const SchemaView* found = view('R', path, bare)) return found;
  for (std::string_view other : {"/v3", "/v3/cluster", "/v3/project"})
    if (const SchemaView* found = view('R', other, bare)) return found;
  for (char kind : {'P', 'D'})
    if (const SchemaView* found = view(kind, path, bare)) return found;
  return nullptr;
}

const Json* SchemaSet::mapping(std::string_view path, std::string_view id) const {
  std::lock_guard lock(mutex_);
  const Record* found = record('M', path, bare_type(id));
  if (!found) return nullptr;
  auto& slot = mappings_[record_key('M', path, found->id)];
  if (!slot) slot = std::make_unique<Json>(parse_fact(found->text));
  return slot.get();
}

std::vector<std::string> SchemaSet::ids(std::string_view path) const {
  std::lock_guard lock(mutex_);
  if (path == "/v3" && !ids_over_.empty()) return ids_over_;
  auto found = ids_.find(std::string(path));
  return found == ids_.end() ? std::vector<std::string>() : found->second;
}

std::string_view SchemaSet::published_text(std::string_view path, std::string_view id) const {
  std::lock_guard lock(mutex_);
  const Record* found = record('P', path, id);
  return found ? found->text : std::string_view();
}

std::string_view SchemaSet::described_text(std::string_view path, std::string_view name) const {
  std::lock_guard lock(mutex_);
  const Record* found = record('P', path, name);
  if (!found) found = record('D', path, name);
  return found ? found->text : std::string_view();
}

}  // namespace engine
