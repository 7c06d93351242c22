// Client: what controllers use to read and write a cluster's objects; one interface for the
// embedded API (LocalClient) and for clusters downstream. A client carries a name: the field
// manager and the user of its writes. Thread: any; calls may wait (for the store, or as the
// implementation says). Owns: nothing. Errors: as the API gives them; NotFound where nothing is
// there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/watch/watch_cache.h"

namespace engine {

class Client {
 public:
  virtual ~Client() = default;
  virtual std::shared_ptr<const KindSnapshot> kinds() = 0;

  // The newest state.
  virtual Result<Object> get(const Kind&, std::string_view ns, std::string_view name) = 0;
  // A page of the newest state, or of the revision of the first page.
  virtual Result<Registry::ListPage> list(const Kind&, std::string_view ns, Revision at,
                                          std::string_view after_key, size_t limit_max) = 0;
  // Everything that is there and every change after it; see Dispatcher.
  virtual Result<std::unique_ptr<Dispatcher::Subscription>> follow(const Kind&,
                                                                   const Dispatcher::Interest&,
                                                                   Dispatcher::Snapshot&,
                                                                   Dispatcher::Listener) = 0;

  virtual Result<Written> create(const Kind&, std::string_view ns, Json object) = 0;
  virtual Result<Written> update(const Kind&, std::string_view ns, std::string_view name,
                                 Json object, std::string_view subresource = {}) = 0;
  virtual Result<Written> patch(const Kind&, std::string_view ns, std::string_view name, PatchType,
                                std::string_view body, std::string_view subresource = {}) = 0;
  // Read-modify-write; `change` may run again after a conflict; false from it: nothing to write.
  virtual Result<Written> modify(const Kind&, std::string_view ns, std::string_view name,
                                 const std::function<Result<bool>(Json&)>& change,
                                 std::string_view subresource = {}) = 0;
  struct Removal {
    Precondition precondition;
    Propagation propagation = Propagation::background;
  };
  virtual Result<Removed> remove(const Kind&, std::string_view ns, std::string_view name,
                                 const Removal&) = 0;
};

// On the embedded API, past its authorization: its user is a part of the program.
std::unique_ptr<Client> make_local_client(Registry&, Dispatcher&, std::string name);

}  // namespace engine
