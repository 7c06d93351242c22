// Small pieces that App is put together with: reading a setting, the address to listen at, the
// administrator's kubeconfig, the server's own metrics. Thread: as each says. Owns: nothing.
#pragma once

#include <functional>
#include <string>

#include "appliance/edge/certificates.h"
#include "appliance/edge/edge_server.h"
#include "appliance/edge/stream_hub.h"
#include "appliance/net/clusters.h"
#include "appliance/routes/metrics.h"
#include "engine/controllers/controller_set.h"
#include "engine/norman/subscribe.h"

namespace appliance {

// Value of a setting, its default when it has none; empty when there is no such setting (yet). Any
// thread.
std::string setting_value(engine::Dispatcher& dispatcher, engine::KindSet& kinds,
                          std::string_view name);

// "HOST:PORT", ":PORT" (every address), "[::1]:PORT". BadRequest says what is wrong.
engine::Result<Listen> parse_listen(const std::string& text);

// cluster-admin on the embedded API, by a client certificate of the server's own CA; mode 0600.
engine::Result<engine::Unit> write_admin_kubeconfig(Certificates& certificates,
                                                    const std::string& url,
                                                    const std::string& path);

struct Measured {
  storage::Store& store;
  engine::Dispatcher& dispatcher;
  StreamHub& hub;
  Clusters& clusters;
  engine::Subscribe& subscribe;
  std::function<EdgeCounters()> edge;
  engine::ControllerSet& controllers;
};
void add_server_metrics(Metrics& metrics, Measured measured);

}  // namespace appliance
