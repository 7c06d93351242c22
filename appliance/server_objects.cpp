#include "appliance/server_objects.h"

#include <filesystem>

#include "appliance/base/secret_file.h"
#include "engine/base/base64.h"
#include "engine/base/numbers.h"
#include "engine/base/yaml.h"

namespace appliance {

using engine::Json;
using engine::Result;
using engine::Status;
using engine::Unit;

std::string setting_value(engine::Dispatcher& dispatcher, engine::KindSet& kinds,
                          std::string_view name) {
  auto kind = kinds.snapshot()->stored("management.cattle.io", "settings");
  auto found = dispatcher.get(*kind, "", name);
  if (!found || !*found) return {};
  auto setting = engine::parse_json(*(*found)->bytes);
  if (!setting) return {};
  std::string value(setting->str("value"));
  return value.empty() ? std::string(setting->str("default")) : value;
}

Result<Listen> parse_listen(const std::string& text) {
  size_t colon = text.rfind(':');
  auto port = colon == std::string::npos
                  ? std::nullopt
                  : engine::parse_int(std::string_view(text).substr(colon + 1));
  if (!port || *port < 0 || *port > 65535)
    return Status::bad_request("--listen wants HOST:PORT or :PORT, not " + text);
  Listen out;
  out.port = static_cast<uint16_t>(*port);
  out.address = text.substr(0, colon);
  if (out.address.starts_with('[') && out.address.ends_with(']'))
    out.address = out.address.substr(1, out.address.size() - 2);
  if (out.address == "localhost") out.address = "127.0.0.1";
  // "::" takes both families; where the system has no IPv6 it can't be had.
  if (out.address.empty() || out.address == "*")
    out.address = std::filesystem::exists("/proc/net/if_inet6") ? "::" : "0.0.0.0";
  return out;
}

Result<Unit> write_admin_kubeconfig(Certificates& certificates, const std::string& url,
                                    const std::string& path) {
  KeyPair pair =
      TRY(certificates.issue_client("admin", {"system:masters"}, std::chrono::hours(24 * 365 * 5)));
  auto named = [](std::string_view key, Json value) {
    return Json::array({Json::object({{"name", "paddock"}, {key, std::move(value)}})});
  };
  Json config = Json::object({
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"clusters",
       named("cluster", Json::object({{"server", url},
                                      {"certificate-authority-data",
                                       engine::base64_encode(certificates.ca_pem())}}))},
      {"users",
       named("user",
             Json::object({{"client-certificate-data", engine::base64_encode(pair.certificate_pem)},
                           {"client-key-data", engine::base64_encode(pair.key_pem)}}))},
      {"contexts", named("context", Json::object({{"cluster", "paddock"}, {"user", "paddock"}}))},
      {"current-context", "paddock"},
  });
  return write_secret_file(path, engine::to_yaml(config));
}

void add_server_metrics(Metrics& metrics, Measured measured) {
  using Type = Metrics::Type;
  auto edge = measured.edge;
  metrics.add("paddock_edge_connections", "Connections that the server holds, streams aside.",
              Type::gauge, [edge] { return static_cast<double>(edge().connections); });
  metrics.add("paddock_edge_requests_total", "Requests that were read.", Type::counter,
              [edge] { return static_cast<double>(edge().requests); });
  metrics.add("paddock_edge_bad_requests_total", "Requests that broke the rules of HTTP.",
              Type::counter, [edge] { return static_cast<double>(edge().bad_requests); });
  metrics.add("paddock_edge_waiting", "Requests that wait for a thread.", Type::gauge,
              [edge] { return static_cast<double>(edge().waiting); });
  StreamHub& hub = measured.hub;
  metrics.add("paddock_streams", "Watches, WebSockets, tunnels and proxied connections.",
              Type::gauge, [&hub] { return static_cast<double>(hub.counters().streams); });
  metrics.add("paddock_streams_closed_slow_total",
              "Streams closed because their reader was too slow.", Type::counter,
              [&hub] { return static_cast<double>(hub.counters().closed_slow); });
  metrics.add("paddock_stream_bytes_out_total", "Bytes sent on streams.", Type::counter,
              [&hub] { return static_cast<double>(hub.counters().bytes_out); });
  engine::Subscribe& subscribe = measured.subscribe;
  metrics.add("paddock_subscriptions", "Open connections of /v3/subscribe.", Type::gauge,
              [&subscribe] { return static_cast<double>(subscribe.open_streams()); });
  storage::Store& store = measured.store;
  metrics.add("paddock_store_revision", "Newest revision of the store.", Type::counter, [&store] {
    auto current = store.current();
    return current ? static_cast<double>(*current) : 0.0;
  });
  metrics.add_histogram("paddock_store_sync_seconds",
                        "How long a group of commits took to reach the disk.", [&store] {
                          const storage::SyncTimes syncs = store.stats().syncs;
                          Metrics::Histogram out;
                          for (size_t i = 0; i < syncs.counts.size(); ++i) {
                            out.count += syncs.counts[i];
                            if (i < syncs.kBounds.size())
                              out.buckets.emplace_back(syncs.kBounds[i], out.count);
                          }
                          out.sum = syncs.seconds;
                          return out;
                        });
  metrics.add("paddock_store_writing_seconds", "How long the write under way has taken so far.",
              Type::gauge,
              [&store] { return static_cast<double>(store.writing_for().count()) / 1000; });
  metrics.add("paddock_store_disk_full", "1 while the last write found the disk full.", Type::gauge,
              [&store] { return store.stats().no_space ? 1.0 : 0.0; });
  engine::ControllerSet& controllers = measured.controllers;
  metrics.add("paddock_controller_failures_total", "Reconciles that ended in an error.",
              Type::counter, [&controllers] {
                double sum = 0;
                for (const auto& module : controllers.modules())
                  sum += static_cast<double>(module->numbers().failed);
                return sum;
              });
}

}  // namespace appliance
