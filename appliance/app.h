// App: the whole server, wired by constructors in one readable place. open() takes the data
// directory and opens the store; serve() listens; stop() drains. Thread: one. Owns: everything.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "appliance/edge/edge_server.h"
#include "engine/base/status.h"
#include "storage/base/env.h"

namespace appliance {

struct AppOptions {
  std::string data_dir = "./paddock-data";
  std::string listen = ":8443";  // HOST:PORT; without a host every address
  std::string store = "sqlite";
  std::string server_url;  // https://name[:port], as clients see it; empty: the request's host
  std::string tls_cert, tls_key;
  std::string bootstrap_password;
  std::string audit_export;  // see AuditExport; empty: the log stays in the data folder
};

class App {
 public:
  // The error is one line for a person: what is taken, missing, not writable or too new.
  static engine::Result<std::unique_ptr<App>> open(AppOptions options, storage::Env& env);
  ~App();

  engine::Result<engine::Unit> serve();
  std::string url() const;  // to open in a browser on this machine
  // The administrator's password when it was made at random just now; empty otherwise. Waits for
  // it.
  engine::Result<std::string> first_password();
  // Set when the process must end by itself: the store can promise nothing any more.
  bool failed() const;
  void on_failure(std::function<void()> wake);
  void stop(storage::Instant deadline);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace appliance
