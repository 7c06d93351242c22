// Presenter: shows stored objects of one type to one caller: mapped, shaped, with state, links and
// actions. It holds what is the same for all objects of a request: kind, rights, type. Thread: one
// request's. Owns: its rights.
#pragma once

#include "engine/norman/norman.h"
#include "engine/norman/rights.h"

namespace engine {

class Presenter {
 public:
  Presenter(const Norman& norman, const Call& call);

  const KindPtr& kind() const { return kind_; }
  const Type& type() const { return type_; }
  Rights& rights() { return rights_; }
  bool visible(std::string_view ns, std::string_view name);

  // As the caller sees it.
  Json object(const Json& stored, WriteOnly write_only = WriteOnly::hide);
  // What of the caller's rights changes how an object is shown.
  uint8_t rights_to(std::string_view ns, std::string_view name);
  // The API's fields alone, as filters and sorting see them.
  Json mapped(const Json& stored) const;

 private:
  const SchemaView& shown_as(const Json& stored) const;
  bool allowed(const SchemaView& shown, const Json& stored, std::string_view method,
               std::string_view verb);

  const Norman& norman_;
  const Call& call_;
  const Type& type_;
  const KindPtr kind_;
  Rights rights_;
};

}  // namespace engine
