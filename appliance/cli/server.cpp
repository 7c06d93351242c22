// `paddock server`: from the command line to a running App and back, with the words that a person
// sees.
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "appliance/app.h"
#include "appliance/assets/build_info.h"
#include "appliance/base/real_env.h"
#include "appliance/base/sd_notify.h"
#include "appliance/cli/command.h"
#include "appliance/cli/log_options.h"

namespace appliance {
namespace {

constexpr storage::Millis kDrain{4'000};  // stopping takes less than 5 s

// SIGINT and SIGTERM arrive as bytes of a descriptor; SIGUSR1 is what the App sends itself when it
// must end.
sigset_t wanted_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  return set;
}

int wait_for_signal(const sigset_t& set) {
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal;
}

void greet(App& app, const AppOptions& options) {
  std::printf("\nPaddock %s is ready: %s\n", kBuildVersion, app.url().c_str());
  auto password = app.first_password();
  if (!password)
    std::fprintf(stderr, "paddock: the administrator could not be made: %s\n",
                 password.error().message().c_str());
  if (password && !password->empty())
    std::printf("Log in as admin with the password %s (shown once; you will choose your own)\n",
                password->c_str());
  std::printf("kubectl of this server: export KUBECONFIG=%s/admin.kubeconfig\nCtrl-C stops it.\n\n",
              options.data_dir.c_str());
  std::fflush(stdout);
}

int run(const Arguments& arguments) {
  sigset_t signals = wanted_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread, so that all inherit it
  const LogOptions log = log_options(arguments);
  LogSink sink(log);
  storage::log::set_sink(log.least, sink.sink());
  AppOptions options{.data_dir = arguments["data-dir"],
                     .listen = arguments["listen"],
                     .store = arguments["store"],
                     .server_url = arguments["server-url"],
                     .tls_cert = arguments["tls-cert"],
                     .tls_key = arguments["tls-key"],
                     .bootstrap_password = arguments["bootstrap-password"],
                     .audit_export = arguments["audit-export"]};
  // Workers sleep in the store's commits: more of them than cores share each sync.
  RealEnv env({.workers = 8});
  auto app = App::open(options, env);
  if (!app) return complain(app.error());
  (*app)->on_failure([pid = getpid()] { kill(pid, SIGUSR1); });
  if (auto serving = (*app)->serve(); !serving) return complain(serving.error());
  sd_notify("READY=1");
  greet(**app, options);
  int signal = wait_for_signal(signals);
  sd_notify("STOPPING=1");
  storage::log::info("stopping", {{"signal", signal}});
  (*app)->stop(env.now() + kDrain);
  const bool failed = (*app)->failed();
  app->reset();
  env.stop();
  storage::log::set_sink(storage::log::Level::error, {});
  return failed ? 1 : 0;
}

}  // namespace

void register_server(CommandSet& set) {
  set.add(
      {.name = "server",
       .summary = "Run the server: API, dashboard and everything else",
       .description = "Without options it keeps its data in ./paddock-data, listens on every "
                      "address at port 8443 with a certificate of its own, and prints the "
                      "address and, the first time, the administrator's password.",
       .options = with_log_options(
           {{.name = "data-dir",
             .value_name = "DIR",
             .otherwise = "./paddock-data",
             .help = "where everything is kept"},
            {.name = "listen",
             .value_name = "ADDRESS",
             .otherwise = ":8443",
             .help = "HOST:PORT for HTTPS; without HOST every address"},
            {.name = "store",
             .value_name = "NAME",
             .otherwise = "sqlite",
             .help = "what holds the objects; memory forgets them at the end",
             .choices = {"sqlite", "memory"}},
            {.name = "server-url",
             .value_name = "URL",
             .otherwise = "",
             .help = "https:// address that users and agents reach this server at"},
            {.name = "tls-cert",
             .value_name = "FILE",
             .otherwise = "",
             .help = "certificate chain in PEM, leaf first; read again when it changes"},
            {.name = "tls-key", .value_name = "FILE", .otherwise = "", .help = "its private key"},
            {.name = "bootstrap-password",
             .value_name = "TEXT",
             .otherwise = "",
             .help = "first password of the user admin; without it a random one is printed",
             .secret = true},
            {.name = "audit-export",
             .value_name = "WHERE",
             .otherwise = "",
             .help = "where the audit log goes besides the data folder: file:PATH, syslog or "
                     "syslog:HOST:PORT"}}),
       .run = run});
}

}  // namespace appliance
