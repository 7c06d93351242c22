// `paddock token`: the credential plugin of kubectl and of everything that reads a kubeconfig with
// an exec section (client.authentication.k8s.io). It keeps the credential until it ends, in a file
// that only its owner reads, and logs in anew by itself where it can: by name and password from the
// environment, or by asking at the terminal. Nothing but the ExecCredential goes to stdout.
// Source: Kubernetes, "client-go credential plugins".
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "appliance/base/real_env.h"
#include "appliance/base/secret_file.h"
#include "appliance/cli/command.h"
#include "appliance/cli/log_options.h"
#include "appliance/net/one_call.h"
#include "engine/base/base64.h"
#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/time.h"

namespace appliance {
namespace {

using engine::Json;
using engine::Result;
using engine::Status;
using engine::Unit;

constexpr std::string_view kApi = "client.authentication.k8s.io/v1";
constexpr std::string_view kApiBeta = "client.authentication.k8s.io/v1beta1";
// A credential about to end is as good as ended: the request it is for takes time.
constexpr storage::Seconds kSpare{30};
constexpr storage::Millis kCheckTimeout{5'000};
constexpr int kTriesMax = 3;

struct Wanted {
  CallServer server;
  std::string user;     // u-xxxxx of the kubeconfig's owner; empty: whoever logs in
  std::string cluster;  // empty: a token for all of them
  std::string username, password;
  std::string api_version{kApi};
  std::string file;  // where the credential is kept
};

struct Credential {
  std::string token;
  std::string expires;  // RFC 3339; empty: it does not end
};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::bad_request("the file " + path + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<std::string> config_dir() {
  std::string base = variable("XDG_CONFIG_HOME");
  if (base.empty() && !variable("HOME").empty()) base = variable("HOME") + "/.config";
  if (base.empty()) return Status::bad_request("neither XDG_CONFIG_HOME nor HOME is set");
  const std::string dir = base + "/paddock/credentials";
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return Status::internal(dir + " can't be made: " + error.message());
  ::chmod(dir.c_str(), 0700);
  return dir;
}

// What kubectl says of the cluster and of the version that it speaks.
Result<Unit> read_exec_info(Wanted& wanted) {
  const std::string text = variable("KUBERNETES_EXEC_INFO");
  if (text.empty()) return Unit{};
  auto info = engine::parse_json(text);
  if (!info || !info->is_object())
    return Status::bad_request("KUBERNETES_EXEC_INFO is not the JSON that kubectl writes");
  const std::string_view version = info->str("apiVersion");
  if (version != kApi && version != kApiBeta)
    return Status::bad_request("KUBERNETES_EXEC_INFO wants " + std::string(version) +
                               ", and only " + std::string(kApi) + " and v1beta1 are spoken here");
  wanted.api_version = version;
  std::string_view ca = info->str({"spec", "cluster", "certificate-authority-data"});
  if (ca.empty() || !wanted.server.ca_pem.empty() || !wanted.server.ca_checksum.empty())
    return Unit{};
  auto decoded = engine::base64_decode(ca);
  if (!decoded) return Status::bad_request("the cluster's certificate authority is not base64");
  wanted.server.ca_pem = std::move(*decoded);
  return Unit{};
}

Result<Wanted> wanted_of(const Arguments& arguments) {
  Wanted out;
  out.server.url = arguments["server"];
  if (out.server.url.empty()) return Status::bad_request("--server is missing");
  if (out.server.url.find("://") == std::string::npos) out.server.url.insert(0, "https://");
  while (out.server.url.ends_with('/')) out.server.url.pop_back();
  out.server.ca_checksum = arguments["ca-checksum"];
  if (!arguments["ca-file"].empty()) out.server.ca_pem = TRY(read_file(arguments["ca-file"]));
  out.user = arguments["user"];
  out.cluster = arguments["cluster"];
  out.username = arguments["username"];
  out.password = arguments["password"];
  TRY(read_exec_info(out));
  const std::string key = out.server.url + "\n" + out.user + "\n" + out.cluster;
  out.file = TRY(config_dir()) + "/" + engine::sha256_hex(key) + ".json";
  return out;
}

// The kept credential, unless there is none, it has ended or others could have read it.
std::optional<Credential> kept(const Wanted& wanted, storage::WallTime now) {
  struct stat info {};
  if (::stat(wanted.file.c_str(), &info) != 0) return std::nullopt;
  if ((info.st_mode & 077) != 0 || info.st_uid != ::geteuid()) return std::nullopt;
  auto text = read_file(wanted.file);
  auto json = text ? engine::parse_json(*text) : Result<Json>(text.error());
  if (!json || !json->is_object()) return std::nullopt;
  Credential out{std::string(json->str("token")), std::string(json->str("expires"))};
  if (out.token.empty()) return std::nullopt;
  if (out.expires.empty()) return out;
  auto end = engine::parse_rfc3339(out.expires);
  if (!end || *end <= now + kSpare) return std::nullopt;
  return out;
}

Result<Unit> keep(const Wanted& wanted, const Credential& credential) {
  return write_secret_file(wanted.file,
                           engine::dump(Json::object({{"server", wanted.server.url},
                                                      {"user", wanted.user},
                                                      {"cluster", wanted.cluster},
                                                      {"token", credential.token},
                                                      {"expires", credential.expires}})));
}

class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {}
  ~Terminal() {
    if (fd_ >= 0) ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  bool there() const { return fd_ >= 0; }
  void say(std::string_view text) const {
    // A terminal that takes nothing takes no answer either.
    if (::write(fd_, text.data(), text.size()) < 0) return;
  }
  std::optional<std::string> line(std::string_view prompt) const {
    say(prompt);
    std::string out;
    char c = 0;
    while (::read(fd_, &c, 1) == 1) {
      if (c == '\n' || c == '\r') return out;
      out += c;
    }
    return std::nullopt;
  }
  std::optional<std::string> hidden(std::string_view prompt) const {
    termios before{};
    if (::tcgetattr(fd_, &before) != 0) return std::nullopt;
    termios quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &quiet);
    auto out = line(prompt);
    ::tcsetattr(fd_, TCSAFLUSH, &before);
    say("\n");
    return out;
  }

 private:
  const int fd_;
};

class Login {
 public:
  Login(storage::Env& env, StreamHub& hub, const Wanted& wanted)
      : env_(env), hub_(hub), wanted_(wanted) {}

  // Whether the server still takes it; one that cannot be asked is left to kubectl to complain of.
  bool good(const Credential& credential) const {
    const std::string path = "/k8s/clusters/" +
                             (wanted_.cluster.empty() ? std::string("local") : wanted_.cluster) +
                             "/version";
    auto answer = one_call(env_, hub_, wanted_.server,
                           {.path = path, .bearer = credential.token, .timeout = kCheckTimeout});
    return !answer || answer->status != 401;
  }

  Result<Credential> run() const {
    if (!wanted_.password.empty()) {
      if (wanted_.username.empty())
        return Status::bad_request("PADDOCK_PASSWORD is set, and PADDOCK_USERNAME is not");
      return log_in(wanted_.username, wanted_.password);
    }
    Terminal terminal;
    if (!terminal.there())
      return Status::unauthorized(
          "the credential for " + wanted_.server.url +
          " has ended and there is no terminal to ask at: set PADDOCK_USERNAME and "
          "PADDOCK_PASSWORD, or PADDOCK_PASSWORD_FILE");
    for (int i = 1;; ++i) {
      terminal.say("Log in to " + wanted_.server.url + "\n");
      auto name = wanted_.username.empty() ? terminal.line("User name: ") : wanted_.username;
      auto password = name ? terminal.hidden("Password: ") : std::nullopt;
      if (!password) return Status::unauthorized("nobody logged in");
      auto got = log_in(*name, *password);
      if (got || got.error().code() != 401 || i == kTriesMax) return got;
      terminal.say(got.error().message() + "\n");
    }
  }

 private:
  Result<Credential> log_in(const std::string& name, const std::string& password) const {
    std::string kind = "kubeconfig";
    if (!wanted_.cluster.empty()) kind += "_" + wanted_.cluster;
    Json body = Json::object({{"username", name},
                              {"password", password},
                              {"responseType", kind},
                              {"description", "Kubeconfig token from paddock token"}});
    auto answer = TRY(one_call(env_, hub_, wanted_.server,
                               {.method = "POST",
                                .path = "/v3-public/localProviders/local?action=login",
                                .body = engine::dump(body)}));
    auto json = engine::parse_json(answer.body);
    if (answer.status != 201 || !json || json->str("token").empty()) {
      std::string why = json && json->is_object() ? std::string(json->str("message")) : "";
      return Status::other(
          answer.status, "Login",
          why.empty() ? wanted_.server.url + " answered " + std::to_string(answer.status) : why);
    }
    if (!wanted_.user.empty() && json->str("userId") != wanted_.user)
      return Status::forbidden_text(name + " is " + std::string(json->str("userId")) +
                                    " there, and this kubeconfig belongs to " + wanted_.user);
    return Credential{std::string(json->str("token")), std::string(json->str("expiresAt"))};
  }

  storage::Env& env_;
  StreamHub& hub_;
  const Wanted& wanted_;
};

Result<Credential> credential(storage::Env& env, StreamHub& hub, Wanted wanted) {
  auto found = kept(wanted, env.wall());
  TRY(learn_ca(env, hub, wanted.server));
  Login login(env, hub, wanted);
  if (found && login.good(*found)) return *found;
  Credential fresh = TRY(login.run());
  // Without a place to keep it, it is good for this once.
  if (auto done = keep(wanted, fresh); !done)
    std::fprintf(stderr, "paddock: %s\n", done.error().message().c_str());
  return fresh;
}

int run(const Arguments& arguments) {
  auto wanted = wanted_of(arguments);
  if (!wanted) return complain(wanted.error());
  const std::string version = wanted->api_version;
  RealEnv env({.workers = 1, .slow_workers = 1, .queue_max = 64});
  Result<Credential> got = Status::internal("nothing was asked");
  {
    StreamHub hub(env, {.shards = 1});
    got = credential(env, hub, std::move(*wanted));
    hub.stop(env.now());
    env.stop();
  }
  if (!got) return complain(got.error());
  Json status = Json::object({{"token", got->token}});
  if (!got->expires.empty()) status.set("expirationTimestamp", got->expires);
  const std::string out = engine::dump(Json::object(
      {{"apiVersion", version}, {"kind", "ExecCredential"}, {"status", std::move(status)}}));
  std::printf("%s\n", out.c_str());
  return 0;
}

}  // namespace

void register_token(CommandSet& set) {
  set.add({.name = "token",
           .summary = "Log in for kubectl: the credential plugin of a kubeconfig",
           .description = "Kubeconfigs name it by themselves where the server's setting "
                          "kubeconfig-generate-token is false. It keeps the credential until it "
                          "ends and then logs in anew: by PADDOCK_USERNAME and PADDOCK_PASSWORD, "
                          "or by asking at the terminal.",
           .options = {{.name = "server",
                        .value_name = "URL",
                        .otherwise = "",
                        .help = "https:// address of the server"},
                       {.name = "user",
                        .value_name = "ID",
                        .otherwise = "",
                        .help = "whose kubeconfig it is (u-xxxxx); nobody else may log in for it"},
                       {.name = "cluster",
                        .value_name = "ID",
                        .otherwise = "",
                        .help = "the only cluster that the credential is to be good for"},
                       {.name = "ca-file",
                        .value_name = "FILE",
                        .otherwise = "",
                        .help = "CA of the server in PEM; without it the one that kubectl tells, "
                                "or this machine's own"},
                       {.name = "ca-checksum",
                        .value_name = "SHA256",
                        .otherwise = "",
                        .help = "SHA-256 of the server's CA (/cacerts), in hex, instead"},
                       {.name = "username",
                        .value_name = "NAME",
                        .otherwise = "",
                        .help = "who logs in; without it the terminal is asked"},
                       {.name = "password",
                        .value_name = "TEXT",
                        .otherwise = "",
                        .help = "the password; better from the environment or a file",
                        .secret = true}},
           .run = run});
}

}  // namespace appliance
