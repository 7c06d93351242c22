// `paddock agent`: beside a cluster, for a server that cannot reach it. It dials out, holds
// nothing, watches nothing, and opens connections only to the cluster's API.
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "appliance/base/real_env.h"
#include "appliance/cli/command.h"
#include "appliance/cli/log_options.h"
#include "appliance/net/agent_loop.h"
#include "engine/cluster/kubeconfig.h"

namespace appliance {
namespace {

using engine::ClusterAccess;
using engine::Result;
using engine::Status;

constexpr storage::Millis kDrain{2'000};
constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::bad_request("the file " + path + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<ClusterAccess> from_kubeconfig(const std::string& path, const std::string& context) {
  const std::string text = TRY(read_file(path));
  engine::KubeconfigOptions options;
  options.context = context;
  options.read_file = [folder =
                           std::filesystem::path(path).parent_path()](const std::string& name) {
    return read_file((folder / name).string());  // an absolute name stays as it is
  };
  return engine::parse_kubeconfig(text, options);
}

// In a pod: the service account that the manifest gave us.
Result<ClusterAccess> from_pod() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (!host || !port) {
    return Status::bad_request(
        "--kubeconfig is missing, and this is no pod (KUBERNETES_SERVICE_HOST is not set)");
  }
  ClusterAccess access;
  std::string name(host);
  if (name.find(':') != std::string::npos) name = "[" + name + "]";
  TRY(engine::set_authority(access, name + ":" + port));
  access.token = TRY(read_file(std::string(kServiceAccount) + "token"));
  access.ca_pem = TRY(read_file(std::string(kServiceAccount) + "ca.crt"));
  return access;
}

std::string home_expanded(std::string path) {
  const char* home = std::getenv("HOME");
  if (home && path.starts_with("~/")) path.replace(0, 1, home);
  return path;
}

int run(const Arguments& arguments) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread, so that all inherit it
  AgentOptions options;
  options.server = arguments["server"];
  options.token = arguments["token"];
  options.ca_checksum = arguments["ca-checksum"];
  const std::string path = home_expanded(arguments["kubeconfig"]);
  options.access = [path, context = arguments["context"]] {
    return path.empty() ? from_pod() : from_kubeconfig(path, context);
  };
  if (options.server.empty()) return complain(Status::bad_request("--server is missing"));
  if (auto access = options.access(); !access) return complain(access.error());

  LogOptions log = log_options(arguments);
  log.queue_bytes_max = 64u << 10;
  LogSink sink(log);
  storage::log::set_sink(log.least, sink.sink());
  RealEnv env({.workers = 1, .slow_workers = 1, .queue_max = 256});
  StreamHub hub(env, {.shards = 1});
  int code = 0;
  {
    auto loop = AgentLoop::create(env, hub, std::move(options));
    if (!loop) {
      code = complain(loop.error());
    } else {
      (*loop)->start();
      int signal = 0;
      while (sigwait(&signals, &signal) != 0) {
      }
      (*loop)->stop();
    }
    hub.stop(env.now() + kDrain);
    env.stop();
  }
  storage::log::set_sink(storage::log::Level::error, {});
  return code;
}

}  // namespace

void register_agent(CommandSet& set) {
  set.add({.name = "agent",
           .summary = "Connect a cluster to a server that cannot reach it",
           .description = "Run it on any host that sees the cluster's API, or in the cluster. It "
                          "opens one connection to the server and, when the server asks, "
                          "connections to the cluster's API; to nothing else.",
           .options = with_log_options(
               {{.name = "server",
                 .value_name = "URL",
                 .otherwise = "",
                 .help = "https:// address of the server"},
                {.name = "token",
                 .value_name = "TEXT",
                 .otherwise = "",
                 .help = "the cluster's registration token",
                 .secret = true},
                {.name = "ca-checksum",
                 .value_name = "SHA256",
                 .otherwise = "",
                 .help = "SHA-256 of the server's CA (/cacerts), in hex, as the server's own "
                         "command for you carries it; without it this machine's own CAs must "
                         "know the server"},
                {.name = "kubeconfig",
                 .value_name = "FILE",
                 .otherwise = "",
                 .help = "how to reach the cluster's API; without it the service account "
                         "of the pod that this runs in"},
                {.name = "context",
                 .value_name = "NAME",
                 .otherwise = "",
                 .help = "context of the kubeconfig; without it its current one"}}),
           .run = run});
}

}  // namespace appliance
