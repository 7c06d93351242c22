#include "appliance/edge/certificates.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>

#include "appliance/edge/server_context.h"
#include "appliance/edge/x509.h"
#include "storage/base/log.h"

namespace appliance {
namespace {

namespace log = storage::log;
using engine::Result;
using engine::Status;
using engine::Unit;
using std::chrono::hours;
using storage::WallTime;

constexpr auto kLookEvery = storage::Millis(60'000);
constexpr auto kBackdated = std::chrono::minutes(5);  // for clients whose clock is a little late
constexpr auto kTicketKeyLife = hours(24);
constexpr size_t kFileBytes = 1u << 20;

std::string why() {
  return std::strerror(errno);
}

// Nothing when the file is not there.
Result<std::optional<std::string>> read_file(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return Status::internal("cannot read " + path + ": " + why());
  }
  std::string text(kFileBytes + 1, '\0');
  ssize_t got = ::read(fd, text.data(), text.size());
  std::string error = why();
  ::close(fd);
  if (got < 0) return Status::internal("cannot read " + path + ": " + error);
  if (static_cast<size_t>(got) > kFileBytes)
    return Status::internal(path + " is too large to be a certificate or key");
  text.resize(static_cast<size_t>(got));
  return std::optional<std::string>(std::move(text));
}

// All or nothing: written beside, flushed, then renamed.
Result<Unit> write_file(const std::string& path, const std::string& text, mode_t mode) {
  std::string beside = path + ".new";
  ::unlink(beside.c_str());
  int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return Status::internal("cannot write " + beside + ": " + why());
  bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
              ::fsync(fd) == 0;
  std::string error = why();
  ::close(fd);
  if (!good) return Status::internal("cannot write " + beside + ": " + error);
  if (::rename(beside.c_str(), path.c_str()) != 0)
    return Status::internal("cannot write " + path + ": " + why());
  return Unit{};
}

// Changes when a file is replaced or written to.
std::string file_mark(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "";
  return std::to_string(info.st_ino) + "/" + std::to_string(info.st_size) + "/" +
         std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
}

}  // namespace

class Certificates::Impl : public std::enable_shared_from_this<Certificates::Impl> {
 public:
  Impl(CertificateOptions options, storage::Env& env) : options_(std::move(options)), env_(env) {}

  Result<Unit> open() {
    if (::mkdir(options_.dir.c_str(), 0700) != 0 && errno != EEXIST)
      return Status::internal("cannot make " + options_.dir + ": " + why());
    std::lock_guard lock(mutex_);
    TRY(open_ca());
    new_ticket_keys();
    if (given()) {
      TRY(load_given());
    } else {
      TRY(open_server());
    }
    return build();
  }

  std::shared_ptr<ssl_ctx_st> context() {
    std::lock_guard lock(mutex_);
    return context_;
  }

  std::string ca_pem() {
    std::lock_guard lock(mutex_);
    return given() ? given_ca_ : ca_pem_;
  }

  Result<KeyPair> issue_client(const std::string& name, const std::vector<std::string>& groups,
                               hours lifetime) {
    std::lock_guard lock(mutex_);
    auto key = TRY(x509::make_key());
    x509::Request request{x509::Use::client, {name, groups}, {}, start(), end(lifetime)};
    auto made = TRY(x509::make_certificate(request, *key, ca_.get(), ca_key_.get()));
    return KeyPair{x509::to_pem(*made), x509::to_pem(*key)};
  }

  Result<Unit> set_names(std::vector<std::string> names) {
    std::lock_guard lock(mutex_);
    options_.names = std::move(names);
    if (given() || x509::covers(*server_, options_.names)) return Unit{};
    TRY(make_server());
    return build();
  }

  Result<bool> refresh() {
    std::lock_guard lock(mutex_);
    bool changed = false;
    if (given()) {
      std::string mark = file_mark(options_.cert_file) + " " + file_mark(options_.key_file);
      if (mark != given_mark_) {
        TRY(load_given());
        log::info("the TLS certificate was read again", {{"file", options_.cert_file}});
        changed = true;
      }
    } else if (due()) {
      TRY(make_server());
      log::info("the server certificate was renewed",
                {{"days", options_.server_lifetime.count() / 24}});
      changed = true;
    }
    if (env_.wall() - ticket_keys_made_ > kTicketKeyLife) {
      new_ticket_keys();
      TRY(build());
    } else if (changed) {
      TRY(build());
    }
    return changed;
  }

  void look_later() {
    env_.post_after(kLookEvery, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self) return;
      if (auto result = self->refresh(); !result)
        log::warn("the TLS certificate stays as it is", {{"error", result.error().message()}});
      self->look_later();
    });
  }

 private:
  bool given() const { return !options_.cert_file.empty(); }
  std::string path(const char* name) const { return options_.dir + "/" + name; }
  WallTime start() const { return env_.wall() - kBackdated; }
  // Nothing outlives the CA that signed it.
  WallTime end(hours lifetime) const {
    return std::min<WallTime>(env_.wall() + lifetime, x509::not_after(*ca_));
  }

  void new_ticket_keys() {
    env_.random_secret(std::as_writable_bytes(std::span(ticket_keys_)));
    ticket_keys_made_ = env_.wall();
  }

  Result<Unit> open_ca() {
    auto certificate = TRY(read_file(path("ca.crt")));
    auto key = TRY(read_file(path("ca.key")));
    if (certificate && key) {
      auto list = TRY(x509::certificates_from_pem(*certificate, path("ca.crt")));
      ca_ = std::move(list[0]);
      ca_key_ = TRY(x509::key_from_pem(*key, path("ca.key")));
      ca_pem_ = *certificate;
      if (X509_check_private_key(ca_.get(), ca_key_.get()) != 1) {
        x509::last_error();
        return Status::internal(path("ca.key") + " does not belong to " + path("ca.crt"));
      }
      if (x509::not_after(*ca_) <= env_.wall())
        return Status::internal(path("ca.crt") +
                                " has ended; remove it and ca.key to get a new CA");
      return Unit{};
    }
    // Others trust the CA by its checksum: it is only made where there was none, never over a half
    // that is left.
    if (certificate || key)
      return Status::internal("only one of ca.crt and ca.key is in " + options_.dir +
                              "; restore the other one");
    ca_key_ = TRY(x509::make_key());
    std::string name = "paddock-ca-" + std::to_string(env_.random(1'000'000'000));
    x509::Request request{
        x509::Use::ca, {name, {"paddock"}}, {}, start(), env_.wall() + options_.ca_lifetime};
    ca_ = TRY(x509::make_certificate(request, *ca_key_, nullptr, nullptr));
    ca_pem_ = x509::to_pem(*ca_);
    TRY(write_file(path("ca.key"), x509::to_pem(*ca_key_), 0600));
    return write_file(path("ca.crt"), ca_pem_, 0644);
  }

  Result<Unit> open_server() {
    auto certificate = TRY(read_file(path("server.crt")));
    auto key = TRY(read_file(path("server.key")));
    if (certificate && key) {
      auto list = x509::certificates_from_pem(*certificate, path("server.crt"));
      auto read = x509::key_from_pem(*key, path("server.key"));
      if (list && read && X509_check_private_key((*list)[0].get(), read->get()) == 1 &&
          X509_verify((*list)[0].get(), X509_get0_pubkey(ca_.get())) == 1) {
        server_ = std::move((*list)[0]);
        server_pem_ = *certificate;
        server_key_pem_ = *key;
        if (!due() && x509::covers(*server_, options_.names)) return Unit{};
      }
      x509::last_error();
    }
    // The server's own certificate can always be made anew: nobody knows it but through the CA.
    return make_server();
  }

  Result<Unit> make_server() {
    auto key = TRY(x509::make_key());
    std::string name = options_.names.empty() ? "paddock" : options_.names[0].substr(0, 64);
    x509::Request request{x509::Use::server,
                          {name, {"paddock"}},
                          options_.names,
                          start(),
                          end(options_.server_lifetime)};
    auto made = TRY(x509::make_certificate(request, *key, ca_.get(), ca_key_.get()));
    std::string pem = x509::to_pem(*made);
    std::string key_pem = x509::to_pem(*key);
    TRY(write_file(path("server.key"), key_pem, 0600));
    TRY(write_file(path("server.crt"), pem, 0644));
    server_ = std::move(made);
    server_pem_ = std::move(pem);
    server_key_pem_ = std::move(key_pem);
    return Unit{};
  }

  // A third of its life is left, or less.
  bool due() const {
    WallTime from = x509::not_before(*server_);
    WallTime to = x509::not_after(*server_);
    return env_.wall() >= to - (to - from) / 3;
  }

  Result<Unit> load_given() {
    std::string mark = file_mark(options_.cert_file) + " " + file_mark(options_.key_file);
    auto certificate = TRY(read_file(options_.cert_file));
    auto key = TRY(read_file(options_.key_file));
    if (!certificate) return Status::bad_request("there is no file " + options_.cert_file);
    if (!key) return Status::bad_request("there is no file " + options_.key_file);
    auto list = TRY(x509::certificates_from_pem(*certificate, options_.cert_file));
    auto read = TRY(x509::key_from_pem(*key, options_.key_file));
    if (X509_check_private_key(list[0].get(), read.get()) != 1) {
      x509::last_error();
      return Status::bad_request(options_.key_file + " does not belong to " + options_.cert_file);
    }
    server_pem_ = std::move(*certificate);
    server_key_pem_ = std::move(*key);
    given_ca_ = x509::to_pem(*list.back());
    given_mark_ = std::move(mark);
    return Unit{};
  }

  Result<Unit> build() {
    ServerContext from{server_pem_, server_key_pem_, ca_pem_ + options_.client_ca_pem,
                       ticket_keys_};
    context_ = TRY(make_server_context(from));
    return Unit{};
  }

  CertificateOptions options_;
  storage::Env& env_;
  std::mutex mutex_;
  x509::Certificate ca_;
  x509::Key ca_key_;
  std::string ca_pem_;
  x509::Certificate server_;
  std::string server_pem_;
  std::string server_key_pem_;
  std::string given_ca_;
  std::string given_mark_;
  TicketKeys ticket_keys_{};
  WallTime ticket_keys_made_;
  std::shared_ptr<ssl_ctx_st> context_;
};

Result<std::unique_ptr<Certificates>> Certificates::open(CertificateOptions options,
                                                         storage::Env& env) {
  auto impl = std::make_shared<Impl>(std::move(options), env);
  TRY(impl->open());
  impl->look_later();
  return std::unique_ptr<Certificates>(new Certificates(std::move(impl)));
}

Certificates::Certificates(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Certificates::~Certificates() = default;

std::shared_ptr<ssl_ctx_st> Certificates::context() {
  return impl_->context();
}
std::string Certificates::ca_pem() const {
  return impl_->ca_pem();
}
std::string Certificates::ca_checksum() const {
  return x509::sha256_hex(impl_->ca_pem());
}

Result<KeyPair> Certificates::issue_client(const std::string& common_name,
                                           const std::vector<std::string>& organizations,
                                           hours lifetime) {
  return impl_->issue_client(common_name, organizations, lifetime);
}

Result<Unit> Certificates::set_names(std::vector<std::string> names) {
  return impl_->set_names(std::move(names));
}
Result<bool> Certificates::refresh() {
  return impl_->refresh();
}

}  // namespace appliance
