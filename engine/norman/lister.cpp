#include "engine/norman/lister.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/numbers.h"
#include "engine/norman/project_scope.h"
#include "engine/watch/object_scan.h"

namespace engine {
namespace {

// A longer answer goes out as the texts of its objects, which are not copied into one.
constexpr size_t kOneBodyBytesMax = 128u << 10;

std::string_view ns_of(const Json& stored) {
  return stored.str({"metadata", "namespace"});
}

// As "ns:name" would compare, without making it.
int compare_ids(std::string_view a_ns, std::string_view a_name, std::string_view b_ns,
                std::string_view b_name) {
  auto at = [](std::string_view ns, std::string_view name, size_t i) -> int {
    if (!ns.empty()) {
      if (i < ns.size()) return static_cast<unsigned char>(ns[i]);
      if (i == ns.size()) return ':';
      i -= ns.size() + 1;
    }
    return i < name.size() ? static_cast<unsigned char>(name[i]) : -1;
  };
  if (a_ns == b_ns) return a_name.compare(b_name);
  for (size_t i = 0;; i++) {
    int left = at(a_ns, a_name, i), right = at(b_ns, b_name, i);
    if (left != right) return left < right ? -1 : 1;
    if (left < 0) return 0;
  }
}

}  // namespace

Lister::Lister(const Norman& norman, const Call& call, const FieldSources& sources)
    : norman_(norman),
      call_(call),
      sources_(sources),
      presenter_(norman, call),
      conditions_(filters_of(call.schema, call.request.query)),
      order_(order_of(call.schema, call.request.query)) {}

Result<Response> Lister::answer() {
  TRY(gather());
  filter();
  sort();
  return page();
}

Result<Unit> Lister::gather() {
  if (auto own = presenter_.type().own_list(call_)) {
    JsonArray objects = TRY(std::move(*own));
    for (Json& object : objects) rows_.push_back({.cached = nullptr, .stored = std::move(object)});
    return Unit{};
  }
  const KindPtr& kind = presenter_.kind();
  if (!kind) return presenter_.type().not_held(call_.schema);
  const auto& parts = norman_.parts();
  TRY(parts.dispatcher.fresh(parts.env.now() + limits::kCacheWait));
  auto snapshot = TRY(parts.dispatcher.list(*kind, "", nullptr, "", 0));
  const ProjectScope scope = TRY(ProjectScope::of(norman_, call_));
  const Type& type = presenter_.type();
  const bool selects = type.selects(), shares = type.shares_kind();
  rows_.reserve(snapshot.objects.size());
  for (auto& cached : snapshot.objects) {
    if (!scope.holds(cached->ns)) continue;
    const bool allowed = presenter_.visible(cached->ns, cached->name);
    if (!shares && (allowed || !selects)) {
      if (allowed) rows_.push_back({.cached = std::move(cached)});
      continue;
    }
    Row row{.cached = std::move(cached)};
    const Json& object = stored(row);
    if (shares && !type.holds(object, call_.schema)) continue;
    if (allowed || type.owns(call_, object, "get")) rows_.push_back(std::move(row));
  }
  return Unit{};
}

const Json& Lister::stored(Row& row) const {
  // The cache holds only what was validated.
  if (row.stored.is_null()) row.stored = MUST(parse_json(*row.cached->bytes));
  return row.stored;
}

std::string Lister::id_of(const Row& row) const {
  std::string_view ns, name;
  if (row.cached) {
    ns = row.cached->ns;
    name = row.cached->name;
  } else {
    ns = ns_of(row.stored);
    name = row.stored.str({"metadata", "name"});
  }
  if (ns.empty() || !call_.schema.namespaced()) return std::string(name);
  return std::string(ns) + ":" + std::string(name);
}

Lister::Value Lister::value(Row& row, std::string_view field) {
  if (field == "id") return {id_of(row), false};
  if (field == "state" || field.starts_with("transitioning")) {
    State state = presenter_.type().state(call_, stored(row));
    if (field == "state") return {std::move(state.name), false};
    return {field == "transitioning" ? std::move(state.transitioning) : std::move(state.message),
            false};
  }
  const bool computed = presenter_.type().computes(field);
  const FieldSource* source = computed ? nullptr : sources_.find(call_.schema, field);
  if (source && row.cached) {
    std::string_view raw = scan(*row.cached->bytes, source->path);
    if (!raw.empty() && raw != "null") return {scan_text(raw), false};
    if (source->or_name && raw.empty()) return {row.cached->name, false};
    if (raw.empty() && source->has_otherwise) return {source->otherwise, false};
    return {{}, true};
  }
  if (row.mapped.is_null()) row.mapped = presenter_.mapped(stored(row));
  const Json* found = row.mapped.find(field);
  return {filter_text(found), !found || found->is_null()};
}

void Lister::filter() {
  if (!call_.scope_field.empty())
    conditions_.push_back({call_.scope_field, "eq", {call_.scope_id}});
  if (conditions_.empty()) return;
  std::erase_if(rows_, [&](Row& row) {
    return !std::all_of(conditions_.begin(), conditions_.end(), [&](const FilterCondition& c) {
      Value found = value(row, c.field);
      return c.holds(found.text, found.null);
    });
  });
  if (!call_.scope_field.empty()) conditions_.pop_back();
}

bool Lister::before(const Row& a, const Row& b) const {
  if (!order_.field.empty()) {
    if (a.number != b.number) return a.number < b.number;
    if (int way = a.key.compare(b.key); way != 0) return way < 0;
  }
  if (a.cached && b.cached) {
    if (!call_.schema.namespaced()) return a.cached->name < b.cached->name;
    return compare_ids(a.cached->ns, a.cached->name, b.cached->ns, b.cached->name) < 0;
  }
  return id_of(a) < id_of(b);
}

void Lister::sort() {
  if (!order_.field.empty()) {
    const Field* field = call_.schema.field(order_.field);
    const bool number = field && (field->type == "int" || field->type == "float");
    for (Row& row : rows_) {
      row.key = value(row, order_.field).text;
      auto parsed = number ? parse_json(row.key) : Result<Json>(Json());
      if (parsed && parsed->is_number()) row.number = parsed->as_real();
    }
  }
  auto by = [&](const Row* a, const Row* b) {
    return order_.descending ? before(*b, *a) : before(*a, *b);
  };
  sorted_.reserve(rows_.size());
  for (Row& row : rows_) sorted_.push_back(&row);
  if (!std::is_sorted(sorted_.begin(), sorted_.end(), by))
    std::sort(sorted_.begin(), sorted_.end(), by);
}

size_t Lister::marked() const {
  std::string_view marker = call_.request.query.get("marker");
  if (!marker.empty())
    for (size_t i = 0; i < sorted_.size(); i++)
      if (id_of(*sorted_[i]) == marker) return i;
  return rows_.size();
}

Response Lister::page() {
  PageWindow window = window_of(call_.request.query, rows_.size(), marked());
  Json head = collection_head(norman_.collection_request(call_), conditions_, order_, window,
                              [&](size_t at) { return id_of(*sorted_[at]); });
  std::string body = dump(head);
  body.back() = ',';
  body += "\"data\":[";
  Parts::List texts = texts_of(window);
  size_t bytes = body.size() + 2;
  for (const auto& text : texts) bytes += text->size() + 1;
  if (bytes > kOneBodyBytesMax) {
    Response out = norman_text(200, std::move(body), call_.base);
    out.parts = std::make_shared<const Parts>(std::move(texts), ",", "]}");
    return out;
  }
  body.reserve(bytes);
  for (size_t i = 0; i < texts.size(); i++) {
    if (i > 0) body += ',';
    body += *texts[i];
  }
  body += "]}";
  return norman_text(200, std::move(body), call_.base);
}

// Those that are shown to everybody alike are encoded once; the rest now.
Parts::List Lister::texts_of(const PageWindow& window) {
  std::vector<ShownTexts::Wanted> wanted;
  std::vector<size_t> places;
  for (size_t i = window.start; i < window.end; i++) {
    const auto& cached = sorted_[i]->cached;
    if (!cached || !presenter_.type().is_shown_as_stored(cached->name)) continue;
    wanted.push_back({cached->ns, cached->name, cached->bytes,
                      presenter_.rights_to(cached->ns, cached->name),
                      presenter_.type().shown_with(cached->name)});
    places.push_back(i);
  }
  const std::string place = std::to_string(norman_.schemas().generation()) + "\n" +
                            call_.schema.path() + "\n" + call_.schema.id() + "\n" + call_.context +
                            "\n" + call_.base;
  ShownTexts& texts = norman_.texts();
  texts.find(place, wanted);
  Parts::List out;
  out.reserve(window.end - window.start);
  std::vector<ShownTexts::Wanted> made;
  size_t next = 0;
  for (size_t i = window.start; i < window.end; i++) {
    const bool alike = next < places.size() && places[next] == i;
    if (alike && wanted[next].text) {
      out.push_back(wanted[next++].text);
      continue;
    }
    out.push_back(
        std::make_shared<const std::string>(dump(presenter_.object(stored(*sorted_[i])))));
    if (!alike) continue;
    made.push_back(std::move(wanted[next++]));
    made.back().text = out.back();
  }
  texts.keep(place, made);
  return out;
}

}  // namespace engine
