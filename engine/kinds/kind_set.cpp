#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "engine/kinds/conversion.h"
#include "engine/kinds/crd.h"
#include "engine/kinds/facts.h"
#include "engine/kinds/kind.h"
#include "engine/kinds/version.h"

namespace engine {

namespace {

class BuiltinKind final : public Kind {
 public:
  BuiltinKind(std::shared_ptr<const Definitions> definitions)
      : definitions_(std::move(definitions)) {}

  const Schema& schema() const override {
    std::call_once(once_, [this] {
      auto root = definitions_->root(definition);
      // The generator refuses a kind without a definition.
      if (root == nullptr) storage::must_failed(definition.c_str(), __FILE__, __LINE__);
      schema_ = Schema::from_openapi(std::move(root));
    });
    return *schema_;
  }
  std::string definition_text() const override {
    return definitions_->source().definition(definition).value_or(std::string());
  }

 private:
  std::shared_ptr<const Definitions> definitions_;
  mutable std::once_flag once_;
  mutable std::shared_ptr<const Schema> schema_;
};

std::vector<std::string> strings(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->as_array()) out.push_back(item.as_string());
  return out;
}

void read_names(Kind& out, const Json& row) {
  out.group = row.str("group");
  out.version = row.str("version");
  out.kind = row.str("kind");
  out.list_kind = row.str("list");
  out.plural = row.str("plural");
  out.singular = row.str("singular");
  out.short_names = strings(row.find("short"));
  out.categories = strings(row.find("categories"));
  out.verbs = strings(row.find("verbs"));
  out.definition = row.str("definition");
  out.storage_hash = row.str("hash");
  out.scope = row.truth({"namespaced"}) ? Scope::namespaced : Scope::cluster;
  out.stored = row.truth({"stored"});
  out.product = row.truth({"product"});
  out.conversion = conversion_of(out.group, out.version, out.kind);
  out.storage_version = out.conversion ? std::string(out.conversion->stored_version) : out.version;
}

// A column's description: the rows share them by number.
std::string text_at(const std::vector<std::string>& texts, const Json& column) {
  size_t at = static_cast<size_t>(column.integer({"text"}, -1));
  return at < texts.size() ? texts[at] : std::string();
}

KindPtr kind_of_row(const Json& row, const std::vector<std::string>& texts,
                    const std::shared_ptr<const Definitions>& definitions) {
  auto out = std::make_shared<BuiltinKind>(definitions);
  read_names(*out, row);
  for (const Json& s : row.find("subresources")->as_array()) {
    out->subresources.emplace_back(s.str("name"));
    out->subresource_details.push_back({std::string(s.str("name")), std::string(s.str("group")),
                                        std::string(s.str("version")), std::string(s.str("kind")),
                                        strings(s.find("verbs"))});
  }
  if (out->has_subresource("scale")) {
    out->scale = ScalePaths{".spec.replicas", ".status.replicas", ".status.selector"};
  }
  for (const Json& c : row.find("columns")->as_array()) {
    out->columns.push_back({std::string(c.str("name")), std::string(c.str("type")),
                            std::string(c.str("format")), text_at(texts, c),
                            static_cast<int>(c.integer({"priority"})), std::string(c.str("path")),
                            std::string(c.str("cell"))});
  }
  return out;
}

using Place = std::tuple<std::string_view, std::string_view, std::string_view>;
Place resource_place(const Kind& k) {
  return {k.group, k.version, k.plural};
}
Place kind_place(const Kind& k) {
  return {k.group, k.version, k.kind};
}
Place stored_place(const Kind& k) {
  return {k.group, k.plural, {}};
}

using PlaceOf = Place (*)(const Kind&);

// Kinds sorted by a place, for binary search.
struct Order {
  std::vector<KindPtr> list;
  PlaceOf place;

  void build(const std::vector<KindPtr>& kinds) {
    list = kinds;
    std::stable_sort(list.begin(), list.end(),
                     [this](const KindPtr& a, const KindPtr& b) { return place(*a) < place(*b); });
  }
  KindPtr find(const Place& wanted) const {
    auto at = std::lower_bound(list.begin(), list.end(), wanted,
                               [this](const KindPtr& a, const Place& p) { return place(*a) < p; });
    return at != list.end() && place(**at) == wanted ? *at : nullptr;
  }
};

class Snapshot final : public KindSnapshot {
 public:
  Snapshot(std::vector<KindPtr> all, const std::vector<KindPtr>& stored, uint64_t generation,
           std::shared_ptr<const Facts> facts)
      : all_(std::move(all)), generation_(generation), facts_(std::move(facts)) {
    by_resource_.build(all_);
    by_kind_.build(all_);
    stored_.build(stored);
  }
  KindPtr by_resource(std::string_view group, std::string_view version,
                      std::string_view plural) const override {
    return by_resource_.find({group, version, plural});
  }
  KindPtr by_kind(std::string_view group, std::string_view version,
                  std::string_view kind) const override {
    return by_kind_.find({group, version, kind});
  }
  KindPtr stored(std::string_view group, std::string_view plural) const override {
    KindPtr found = stored_.find({group, plural, {}});
    if (!found || !found->conversion) return found;
    const Conversion& other = *found->conversion;
    return by_resource_.find({other.stored_group, other.stored_version, plural});
  }
  const std::vector<KindPtr>& all() const override { return all_; }
  uint64_t generation() const override { return generation_; }
  const DefinitionSource* definitions() const override { return facts_.get(); }

 private:
  std::vector<KindPtr> all_;
  Order by_resource_{{}, resource_place};
  Order by_kind_{{}, kind_place};
  Order stored_{{}, stored_place};
  uint64_t generation_;
  std::shared_ptr<const Facts> facts_;
};

class DynamicKindSet final : public KindSet {
 public:
  explicit DynamicKindSet(const Facts::Opened& opened) : facts_(opened.facts) {
    auto definitions = Definitions::over(facts_);
    for (const Json& row : opened.rows) {
      if (!row.truth({"served"})) continue;
      KindPtr kind = kind_of_row(row, opened.texts, definitions);
      if (!kind->product &&
          std::find(groups_.begin(), groups_.end(), kind->group) == groups_.end()) {
        groups_.push_back(kind->group);
      }
      builtin_.push_back(std::move(kind));
    }
    publish();
  }

  std::shared_ptr<const KindSnapshot> snapshot() const override {
    std::lock_guard lock(mutex_);
    return snapshot_;
  }

  Result<Unit> put_crd(const Json& crd) override {
    CrdKinds made = TRY(kinds_of_crd(crd));
    std::lock_guard lock(mutex_);
    for (const KindPtr& kind : builtin_) {
      if (kind->group == made.stored->group && kind->plural == made.stored->plural) {
        return Status::conflict({"apiextensions.k8s.io", "customresourcedefinitions",
                                 std::string(crd.str({"metadata", "name"}))},
                                "the resource is built in");
      }
    }
    crds_[std::string(crd.str({"metadata", "name"}))] = std::move(made);
    publish();
    return Unit{};
  }

  void remove_crd(std::string_view crd_name) override {
    std::lock_guard lock(mutex_);
    auto found = crds_.find(crd_name);
    if (found == crds_.end()) return;
    crds_.erase(found);
    publish();
  }

 private:
  size_t rank(std::string_view group) const {
    return static_cast<size_t>(std::find(groups_.begin(), groups_.end(), group) - groups_.begin());
  }

  // Builds the next snapshot. REQUIRES: mutex_ held, or the constructor.
  void publish() {
    std::vector<KindPtr> all = builtin_;
    std::vector<KindPtr> stored = builtin_;
    for (const auto& [name, kinds] : crds_) {
      all.insert(all.end(), kinds.served.begin(), kinds.served.end());
      stored.push_back(kinds.stored);
    }
    // Kubernetes' own groups in its order, then the others by name.
    std::stable_sort(all.begin(), all.end(), [this](const KindPtr& a, const KindPtr& b) {
      size_t x = rank(a->group), y = rank(b->group);
      if (x != y) return x < y;
      if (a->group != b->group) return a->group < b->group;
      if (a->version != b->version) return is_better_version(a->version, b->version);
      return a->plural < b->plural;
    });
    snapshot_ = std::make_shared<Snapshot>(std::move(all), stored, ++generation_, facts_);
  }

  std::shared_ptr<const Facts> facts_;
  std::vector<std::string> groups_;  // in discovery order
  std::vector<KindPtr> builtin_;
  mutable std::mutex mutex_;
  std::map<std::string, CrdKinds, std::less<>> crds_;
  uint64_t generation_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace

std::unique_ptr<KindSet> KindSet::builtin() {
  return std::make_unique<DynamicKindSet>(Facts::embedded());
}

}  // namespace engine
