#include "engine/registry/registry.h"

#include <utility>

#include "engine/base/limits.h"
#include "engine/base/mask.h"
#include "engine/base/names.h"
#include "engine/kinds/conversion.h"
#include "engine/registry/metadata.h"
#include "engine/registry/object_bytes.h"
#include "engine/registry/registry_impl.h"

namespace engine {

namespace {

// "core" for the group that has no name, "rbac" of rbac.authorization.k8s.io: upstream's own words.
std::string internal_group(const Kind& kind) {
  return kind.group.empty() ? "core" : kind.group.substr(0, kind.group.find('.'));
}

Result<Unit> check_type(const Kind& kind, Json& object) {
  std::string version = kind.api_version();
  for (std::string_view name : {"apiVersion", "kind"}) {
    Json* value = object.find(name);
    if (value == nullptr || value->is_null() || (value->is_string() && value->as_string().empty()))
      object.set(name, Json(name == "kind" ? kind.kind : version));
    else if (!value->is_string())
      return undecodable(kind,
                         std::string(name) + ": expected a string, got " + value->type_name());
  }
  if (object.str("apiVersion") != version)
    return Status::bad_request("the API version in the data (" +
                               std::string(object.str("apiVersion")) +
                               ") does not match the expected API version (" + version + ")");
  if (object.str("kind") != kind.kind)
    return Status::bad_request(std::string(object.str("kind")) + " in version \"" + kind.version +
                               "\" cannot be handled as a " + kind.kind + ": converting (" +
                               kind.version + "." + std::string(object.str("kind")) + ") to (" +
                               internal_group(kind) + "." + kind.kind + "): unknown conversion");
  return Unit{};
}

storage::Txn txn_of(const std::string& key, std::optional<std::string> value, Revision expected,
                    Claims claims, Companions others) {
  storage::Txn txn;
  txn.checks.push_back({key, expected});
  txn.writes.push_back({key, std::move(value)});
  for (Claim& claim : claims) {
    txn.checks.push_back(std::move(claim.check));
    txn.writes.push_back(std::move(claim.write));
  }
  for (storage::Check& check : others.checks) txn.checks.push_back(std::move(check));
  for (storage::Write& write : others.writes) txn.writes.push_back(std::move(write));
  return txn;
}

std::vector<std::string> strict_faults(const WriteOptions& options,
                                       const std::vector<std::string>& unknown) {
  std::vector<std::string> out;
  for (const std::string& path : options.duplicates)
    out.push_back("duplicate field \"" + path + "\"");
  for (const std::string& path : unknown) out.push_back("unknown field \"" + path + "\"");
  return out;
}

}  // namespace

// As the built-in types keep a value: without members that are null, and without lists and maps
// that are empty. (An object that the schema spells out may be empty and still say something.)
void drop_blank(Json& value, const SchemaNode* node) {
  if (value.is_array()) {
    const SchemaNode* items = node == nullptr ? nullptr : node->items();
    for (Json& item : value.as_array())
      if (item.is_object() || item.is_array()) drop_blank(item, items);
    return;
  }
  if (!value.is_object()) return;
  std::vector<std::string> blank;
  for (auto& [key, member] : value.as_object()) {
    if (member.is_null()) {
      blank.push_back(key);
    } else if (member.is_object() || member.is_array()) {
      const SchemaNode* type = node == nullptr ? nullptr : node->member(key);
      bool kept = key == "rules" || key == "verbs" || type == nullptr;
      if (member.size() > 0) {
        drop_blank(member, type);
      } else if (!kept && (member.is_array() || type->is_map())) {
        blank.push_back(key);
      }
    }
  }
  for (const std::string& key : blank) value.erase(key);
}

Status undecodable(const Kind& kind, const std::string& why) {
  return Status::bad_request(kind.kind + " in version \"" + kind.version +
                             "\" cannot be handled as a " + kind.kind + ": " + why);
}

Status to_status(const storage::Error& error) {
  switch (error.reason) {
    case storage::Reason::compacted:
      return Status::gone(
          "The provided resource version is too old: the oldest that can be read is " +
          std::to_string(error.revision));
    case storage::Reason::future:
      return Status::timeout("Too large resource version: " + error.message);
    case storage::Reason::too_large:
      return Status::too_large(error.message);
    case storage::Reason::no_space:
      return Status::no_space(error.message);
    case storage::Reason::unavailable:
      return Status::service_unavailable(error.message);
    case storage::Reason::uncertain:
      return Status::timeout("it is not known whether the write happened: " + error.message);
    default:
      return Status::internal(error.message);
  }
}

Json Object::json() const {
  // The registry wrote these bytes itself, from a Json.
  return MUST(parse_json(*bytes));
}

namespace {

std::string serve(const Kind& kind, std::string_view stored, Revision revision) {
  if (!kind.conversion) return serve_object(stored, kind.api_version(), revision);
  auto object = decode_object(stored, kind.api_version(), revision);
  if (!object) return std::string(stored);  // damaged: the client sees what is there
  kind.conversion->from_stored(*object);
  if (revision == 0) metadata_of(*object).erase("resourceVersion");
  return dump(*object);
}

}  // namespace

Object served(const Kind& kind, const storage::Record& record) {
  return {std::make_shared<const std::string>(serve(kind, record.value, record.modified)),
          record.modified};
}

Registry::Registry(storage::Env& env, storage::Store& store, KindSet& kinds,
                   const StrategySet& strategies, std::vector<std::unique_ptr<Admission>> admission)
    : impl_(std::make_unique<Impl>(env, store, kinds, strategies, std::move(admission))) {}
Registry::~Registry() = default;

storage::Store& Registry::store() {
  return impl_->store;
}
KindSet& Registry::kinds() {
  return impl_->kinds;
}
storage::Env& Registry::env() {
  return impl_->env;
}

Result<Object> Registry::get(const Kind& kind, std::string_view ns, std::string_view name,
                             Revision at) {
  auto found = impl_->store.get(kind.key(ns, name), at);
  if (!found) return to_status(found.error());
  if (!found.value()) return Status::not_found(kind.about(name));
  return served(kind, *found.value());
}

Result<Registry::ListPage> Registry::list(const Kind& kind, std::string_view ns, Revision at,
                                          std::string_view after_key, size_t limit_max) {
  storage::List query;
  query.prefix = kind.namespaced() && !ns.empty() ? kind.key(ns, "") : kind.key_prefix();
  if (!query.prefix.ends_with('/')) query.prefix += '/';
  query.at = at;
  query.after = std::string(after_key);
  query.limit_max = limit_max;
  query.count_rest = limit_max > 0;
  auto found = impl_->store.list(query);
  if (!found) return to_status(found.error());
  storage::Page page = std::move(found).value();
  ListPage out;
  out.revision = page.revision;
  out.rest = page.rest;
  if (page.more && !page.records.empty()) out.next_key = page.records.back().key;
  out.objects.reserve(page.records.size());
  for (const storage::Record& record : page.records) out.objects.push_back(served(kind, record));
  return out;
}

Result<Written> Registry::create(const Kind& kind, std::string_view ns, Json body,
                                 const WriteOptions& options) {
  TRY(impl_->decode(kind, body, options, Impl::Source::body));
  return impl_->create(kind, ns, std::move(body), options, Impl::Fields::record);
}

Result<Removed> Registry::remove(const Kind& kind, std::string_view ns, std::string_view name,
                                 const RemoveOptions& options) {
  return impl_->remove(kind, ns, name, options);
}

std::string Registry::Impl::encode(const Kind& kind, const Json& object) const {
  if (!kind.conversion) return encode_object(kind.kind, kind.stored_api_version(), object);
  Json stored = object;
  kind.conversion->to_stored(stored);
  return encode_object(kind.kind, kind.stored_api_version(), stored);
}

Result<Unit> Registry::Impl::in_time(storage::Instant deadline) const {
  if (deadline == storage::Instant::max() || env.now() < deadline) return Unit{};
  return Status::timeout(
      "Timeout: request did not complete within requested timeout - context deadline exceeded");
}

Object Registry::Impl::object_of(const Kind& kind, std::string_view stored,
                                 Revision revision) const {
  return {std::make_shared<const std::string>(serve(kind, stored, revision)), revision};
}

Status Registry::Impl::conflict(const Kind& kind, std::string_view name) const {
  return Status::conflict(kind.about(name),
                          "the object has been modified; please apply your changes to the latest "
                          "version and try again");
}

Status Registry::Impl::already_exists(const Kind& kind, std::string_view ns,
                                      std::string_view name) {
  Status status = Status::already_exists(kind.about(name));
  auto there = read(kind, ns, name);
  if (there && there.value() && is_terminating(there.value()->object))
    status.with_message("object is being deleted: " + status.message());
  return status;
}

Result<std::optional<Registry::Impl::Current>> Registry::Impl::read(const Kind& kind,
                                                                    std::string_view ns,
                                                                    std::string_view name) {
  auto found = store.get(kind.key(ns, name));
  if (!found) return to_status(found.error());
  if (!found.value()) return std::optional<Current>();
  storage::Record& record = *found.value();
  Json object = TRY(decode_object(record.value, kind.api_version(), record.modified));
  if (kind.conversion) kind.conversion->from_stored(object);
  return std::optional<Current>(
      Current{std::move(object), record.modified, std::move(record.value)});
}

Result<std::optional<Registry::Impl::Current>> Registry::Impl::seen(const Kind& kind,
                                                                    const Object& object) {
  Json json = TRY(decode_object(*object.bytes, kind.api_version(), object.revision));
  if (kind.conversion) kind.conversion->from_stored(json);
  return std::optional<Current>(Current{std::move(json), object.revision, *object.bytes});
}

Result<Unit> Registry::Impl::decode(const Kind& kind, Json& object, const WriteOptions& options,
                                    Source source, std::string_view source_text) {
  if (!object.is_object())
    return undecodable(kind, std::string("expected an object, got ") + object.type_name());
  TRY(check_type(kind, object));
  std::string wrong = tidy_metadata(object);
  if (!wrong.empty()) return undecodable(kind, wrong);
  if (!is_custom(kind)) drop_blank(object, &kind.schema().root());
  std::vector<std::string> unknown = kind.schema().prune(object);
  if (options.field_validation != FieldValidation::ignore &&
      (!unknown.empty() || !options.duplicates.empty())) {
    std::vector<std::string> faults = strict_faults(options, unknown);
    if (options.field_validation == FieldValidation::warn) {
      if (options.warnings != nullptr)
        options.warnings->insert(options.warnings->end(), faults.begin(), faults.end());
    } else {
      std::string text = "strict decoding error: ";
      for (size_t i = 0; i < faults.size(); i++) text += (i == 0 ? "" : ", ") + faults[i];
      if (source == Source::body) return undecodable(kind, text);
      const Json quoted(quotable_body(kind.plural, source_text));
      return Status::invalid("", "", "", {cause_invalid("patch", quoted, text)});
    }
  }
  kind.schema().apply_defaults(object);
  auto decoded = strategies.of(kind).decode(kind, object);
  if (!decoded) return undecodable(kind, decoded.error().message());
  return Unit{};
}

Result<Unit> Registry::Impl::admit_mutating(AdmissionRequest& request) {
  for (const auto& rule : admission) TRY(rule->mutate(request));
  return Unit{};
}

Result<Unit> Registry::Impl::admit_validating(const AdmissionRequest& request) {
  for (const auto& rule : admission) TRY(rule->validate(request));
  return Unit{};
}

Result<Registry::Impl::Party> Registry::Impl::party(const AdmittedWrite& write,
                                                    const Strategy& strategy,
                                                    const std::string& key) {
  Party out;
  out.claims = TRY(claims_of(store, write.kind, strategy, key, write.object, write.old));
  for (const auto& rule : admission) TRY(rule->accompany(write, out.others));
  return out;
}

Result<Unit> Registry::Impl::validate(const Kind& kind, const Strategy& strategy,
                                      const StrategyContext& context, const Json& object,
                                      const Json* old, const WriteOptions& options) {
  Causes causes = validate_metadata(kind, strategy, object);
  auto add = [&](Causes more) {
    causes.insert(causes.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  };
  if (old != nullptr) add(validate_metadata_update(object, *old));
  Causes by_schema = kind.schema().validate(object);
  if (!is_custom(kind)) {
    for (const Cause& cause : by_schema)
      if (cause.reason == "FieldValueTypeInvalid")
        return undecodable(
            kind, cause.field.empty() ? cause.message : cause.field + ": " + cause.message);
  }
  // A strategy may rely on the types that the schema names.
  bool sound = by_schema.empty();
  add(std::move(by_schema));
  if (sound)
    add(old == nullptr ? strategy.validate(context, object)
                       : strategy.validate_update(context, object, *old));
  if (!causes.empty())
    return Status::invalid(kind.group, kind.kind, std::string(metadata_of(object).str("name")),
                           std::move(causes));
  if (options.warnings != nullptr)
    for (std::string& warning : strategy.warnings(context, object))
      options.warnings->push_back(std::move(warning));
  return Unit{};
}

Status Registry::Impl::planned(const WriteOptions& options, PlannedWrite write, Party party) {
  std::optional<std::string> value;
  if (!write.removes) value = write.bytes;
  write.txn = txn_of(write.key, std::move(value), write.expected, std::move(party.claims),
                     std::move(party.others));
  write.ready = true;
  *options.plan = std::move(write);
  return Status::internal("the write is planned");
}

Result<std::optional<Written>> Registry::settle(const Kind& kind, const PlannedWrite& plan,
                                                storage::StoreResult<Revision> done) {
  const std::string* value = plan.removes ? nullptr : &plan.bytes;
  auto revision = TRY(impl_->outcome(plan.key, value, plan.expected, std::move(done)));
  if (!revision) return std::optional<Written>();
  Written out{impl_->object_of(kind, plan.bytes, *revision), plan.created};
  if (plan.trail)
    plan.trail->wrote({kind.group, kind.plural, plan.ns, plan.name, plan.before,
                       plan.removes ? nullptr : out.object.bytes});
  return std::optional<Written>(std::move(out));
}

void Registry::Impl::tell(const User& user, const Kind& kind, Place place, Bytes before,
                          Bytes after) {
  if (user.trail)
    user.trail->wrote(
        {kind.group, kind.plural, place.ns, place.name, std::move(before), std::move(after)});
}

Result<std::optional<Revision>> Registry::Impl::commit(std::string key,
                                                       std::optional<std::string> value,
                                                       Revision expected, Party party) {
  auto done =
      store.commit(txn_of(key, value, expected, std::move(party.claims), std::move(party.others)));
  return outcome(key, value ? &*value : nullptr, expected, std::move(done));
}

Result<std::optional<Revision>> Registry::Impl::outcome(const std::string& key,
                                                        const std::string* value, Revision expected,
                                                        storage::StoreResult<Revision> done) {
  if (done) return std::optional<Revision>(done.value());
  if (done.error().reason == storage::Reason::conflict) return std::optional<Revision>();
  if (done.error().reason != storage::Reason::uncertain) return to_status(done.error());
  // What was written names itself: a create by its uid, an update by its bytes at a later revision.
  auto now = store.get(key);
  if (!now) return to_status(done.error());
  const auto& record = now.value();
  if (!value) {
    if (record) return to_status(done.error());
    auto current = store.current();
    if (!current) return to_status(done.error());
    return std::optional<Revision>(current.value());
  }
  if (record && record->modified != expected && record->value == *value)
    return std::optional<Revision>(record->modified);
  return to_status(done.error());
}

}  // namespace engine
