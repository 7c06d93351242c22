// FakeKinds: a KindSet of a few kinds without schemas, for tests of what stands below and beside
// the real one. Thread: any, once filled. Owns: its kinds.
#pragma once

#include "engine/kinds/kind.h"

namespace tests {

class FakeKind final : public engine::Kind {
 public:
  const engine::Schema& schema() const override { return *schema_; }

 private:
  std::shared_ptr<const engine::Schema> schema_;
};

class FakeKinds final : public engine::KindSet, public engine::KindSnapshot {
 public:
  FakeKinds& add(engine::KindPtr kind) {
    kinds_.push_back(std::move(kind));
    return *this;
  }
  std::shared_ptr<const engine::KindSnapshot> snapshot() const override;
  engine::Result<engine::Unit> put_crd(const engine::Json&) override { return engine::Unit{}; }
  void remove_crd(std::string_view) override {}
  engine::KindPtr by_resource(std::string_view group, std::string_view version,
                              std::string_view plural) const override;
  engine::KindPtr by_kind(std::string_view group, std::string_view version,
                          std::string_view kind) const override;
  engine::KindPtr stored(std::string_view group, std::string_view plural) const override;
  const std::vector<engine::KindPtr>& all() const override { return kinds_; }
  uint64_t generation() const override { return 1; }

 private:
  std::vector<engine::KindPtr> kinds_;
};

inline std::shared_ptr<FakeKind> fake_kind(std::string group, std::string version, std::string kind,
                                           std::string plural,
                                           engine::Scope scope = engine::Scope::namespaced) {
  auto out = std::make_shared<FakeKind>();
  out->group = std::move(group);
  out->version = out->storage_version = std::move(version);
  out->list_kind = kind + "List";
  out->kind = std::move(kind);
  out->plural = std::move(plural);
  out->scope = scope;
  out->verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  return out;
}

inline std::shared_ptr<const engine::KindSnapshot> FakeKinds::snapshot() const {
  return {std::shared_ptr<const void>(), this};
}

inline engine::KindPtr FakeKinds::by_resource(std::string_view group, std::string_view version,
                                              std::string_view plural) const {
  for (const auto& kind : kinds_)
    if (kind->group == group && kind->version == version && kind->plural == plural) return kind;
  return nullptr;
}

inline engine::KindPtr FakeKinds::by_kind(std::string_view group, std::string_view version,
                                          std::string_view name) const {
  for (const auto& kind : kinds_)
    if (kind->group == group && kind->version == version && kind->kind == name) return kind;
  return nullptr;
}

inline engine::KindPtr FakeKinds::stored(std::string_view group, std::string_view plural) const {
  for (const auto& kind : kinds_)
    if (kind->group == group && kind->plural == plural) return kind;
  return nullptr;
}

}  // namespace tests
