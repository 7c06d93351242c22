#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "appliance/edge/x509.h"
#include "appliance/net/dialer.h"

namespace appliance {
namespace {

using engine::Result;
using engine::Status;
using engine::Unit;
using storage::Instant;
using storage::Millis;

using Context = std::shared_ptr<SSL_CTX>;
using Bytes = std::shared_ptr<const std::string>;

// Where systems keep their bundle of CAs; the library's own default is where Debian keeps it.
constexpr const char* kBundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                    "/etc/ssl/cert.pem"};

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

Result<Unit> trust(SSL_CTX* context, const std::string& ca_pem) {
  if (ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    for (const char* bundle : kBundles)
      if (access(bundle, R_OK) == 0 && SSL_CTX_load_verify_file(context, bundle) == 1) break;
    ERR_clear_error();
    return Unit{};
  }
  auto list = TRY(x509::certificates_from_pem(ca_pem, "the CA to trust"));
  for (auto& certificate : list)
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
  ERR_clear_error();
  return Unit{};
}

Result<Context> make_context(const TlsClient& options) {
  Context made(SSL_CTX_new(TLS_client_method()), [](SSL_CTX* context) { SSL_CTX_free(context); });
  if (!made) return Status::internal("no TLS context: " + x509::last_error());
  SSL_CTX* context = made.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  // What we are told to trust need not be a root: a given leaf or intermediate is enough.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  if (!options.insecure) TRY(trust(context, options.ca_pem));
  if (!options.certificate_pem.empty()) {
    auto chain =
        TRY(x509::certificates_from_pem(options.certificate_pem, "the client certificate"));
    auto key = TRY(x509::key_from_pem(options.key_pem, "the client certificate's key"));
    SSL_CTX_use_certificate(context, chain[0].get());
    for (size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
      x509::last_error();
      return Status::bad_request("the client certificate's key does not belong to it");
    }
  }
  return made;
}

// The session over memory BIOs. Encrypts for whoever sends, decrypts on the connection's hub
// thread.
class TlsSink final : public engine::StreamSink {
 public:
  explicit TlsSink(SSL_CTX* context) : ssl_(SSL_new(context)) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
    static constexpr unsigned char kAlpn[] = "\x08http/1.1";
    SSL_set_alpn_protos(ssl_, kAlpn, sizeof kAlpn - 1);
  }
  ~TlsSink() override { SSL_free(ssl_); }

  void expect(const std::string& name) {
    if (is_address(name)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.c_str());
    } else {
      SSL_set_tlsext_host_name(ssl_, name.c_str());
      SSL_set1_host(ssl_, name.c_str());
    }
  }

  void start(std::shared_ptr<engine::StreamSink> below) { below_ = std::move(below); }

  // One step of the handshake: true when it is done.
  Result<bool> handshake() {
    std::lock_guard lock(mutex_);
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_);
    pump();
    if (result == 1) return true;
    int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_WANT_READ) return false;
    long verified = SSL_get_verify_result(ssl_);
    std::string why = x509::last_error();
    ERR_clear_error();
    if (verified == X509_V_OK) return Status::service_unavailable(std::move(why));
    return Status::other(503, std::string(kUntrustedCertificate),
                         X509_verify_cert_error_string(verified));
  }

  std::vector<std::string> chain() {
    std::vector<std::string> out;
    STACK_OF(X509)* list = SSL_get_peer_cert_chain(ssl_);
    for (int i = 0; i < sk_X509_num(list); ++i)
      out.push_back(x509::to_pem(*sk_X509_value(list, i)));
    return out;
  }

  void take(std::string_view bytes) {
    std::lock_guard lock(mutex_);
    BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
  }

  enum class Got { bytes, nothing, end, broken };
  Got read(std::string& into) {
    std::lock_guard lock(mutex_);
    ERR_clear_error();
    into.resize(16384);
    size_t got = 0;
    int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
    int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, result);
    pump();
    into.resize(got);
    if (result == 1) return Got::bytes;
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ) return Got::nothing;
    return error == SSL_ERROR_ZERO_RETURN ? Got::end : Got::broken;
  }

  bool send(Bytes bytes) override {
    std::lock_guard lock(mutex_);
    if (ended_) return false;
    if (bytes->empty()) return true;
    ERR_clear_error();
    size_t put = 0;
    // A memory BIO takes everything.
    if (SSL_write_ex(ssl_, bytes->data(), bytes->size(), &put) != 1) {
      ERR_clear_error();
      ended_ = true;
      below_->abort();
      return false;
    }
    return pump();
  }
  size_t queued_bytes() const override { return below_->queued_bytes(); }
  void pause_reading() override { below_->pause_reading(); }
  void resume_reading() override { below_->resume_reading(); }
  void finish() override {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
    pump();
    below_->finish();
  }
  void release() override { finish(); }
  void abort() override { below_->abort(); }

 private:
  // Under the mutex, so that records go out in the order in which they were made.
  bool pump() {
    BIO* out = SSL_get_wbio(ssl_);
    size_t size = BIO_ctrl_pending(out);
    if (size == 0) return true;
    std::string bytes(size, '\0');
    BIO_read(out, bytes.data(), static_cast<int>(size));
    return below_->send(std::make_shared<const std::string>(std::move(bytes)));
  }

  std::mutex mutex_;
  SSL* ssl_;
  bool ended_ = false;
  std::shared_ptr<engine::StreamSink> below_;
};

// Between the byte connection and the real handler.
class TlsHandler final : public ConnectionHandler {
 public:
  TlsHandler(StreamHub& hub, Context context, const TlsClient& options, std::string name,
             std::unique_ptr<ConnectionHandler> user, Millis time)
      : hub_(hub),
        context_(std::move(context)),
        verify_(options.verify),
        name_(std::move(name)),
        user_(std::move(user)),
        time_(time),
        sink_(std::make_shared<TlsSink>(context_.get())) {
    sink_->expect(name_);  // without verification this is for SNI only
  }

  void on_open(std::shared_ptr<engine::StreamSink> below) override {
    timer_ = hub_.after(time_, [weak = std::weak_ptr(below)] {
      if (auto late = weak.lock()) late->abort();
    });
    sink_->start(std::move(below));
    step();
  }
  void on_bytes(std::string_view bytes) override {
    if (failed_) return;
    sink_->take(bytes);
    if (!open_) step();
    if (open_) read();
  }
  void on_drained() override {
    if (open_) user_->on_drained();
  }
  void on_client_end() override { end(); }
  void on_error(const Status& why) override {
    if (failed_) return;
    failed_ = true;
    user_->on_error(why);
  }
  void on_closed() override {
    hub_.cancel(timer_);
    if (!open_ && !failed_)
      user_->on_error(Status::service_unavailable(
          "TLS with " + name_ + ": the other side closed the connection, or was too slow"));
    user_->on_closed();
  }

 private:
  void step() {
    auto done = sink_->handshake();
    if (!done) return fail(done.error());
    if (!*done) return;
    if (verify_) {
      if (auto good = verify_(sink_->chain()); !good) return fail(good.error());
    }
    hub_.cancel(timer_);
    open_ = true;
    user_->on_open(sink_);
  }

  void fail(const Status& why) {
    failed_ = true;
    const bool untrusted = why.is(kUntrustedCertificate);
    user_->on_error(
        Status::other(503, untrusted ? std::string(kUntrustedCertificate) : "ServiceUnavailable",
                      "TLS with " + name_ + ": " + why.message()));
    sink_->finish();  // the alert that says why goes out first
  }

  void read() {
    for (;;) {
      switch (sink_->read(buffer_)) {
        case TlsSink::Got::bytes:
          user_->on_bytes(buffer_);
          break;
        case TlsSink::Got::nothing:
          if (buffer_.capacity() > 0) buffer_ = {};
          return;
        case TlsSink::Got::end:
          return end();
        case TlsSink::Got::broken:
          failed_ = true;
          user_->on_error(Status::service_unavailable("TLS with " + name_ +
                                                      ": the other side broke the protocol"));
          return sink_->abort();
      }
    }
  }

  void end() {
    if (!open_ || ended_) return;
    ended_ = true;
    user_->on_client_end();
    sink_->finish();  // nobody answers half-closed TLS
  }

  StreamHub& hub_;
  Context context_;
  std::function<Result<Unit>(const std::vector<std::string>&)> verify_;
  std::string name_;
  std::unique_ptr<ConnectionHandler> user_;
  Millis time_;
  TimerId timer_ = 0;
  std::shared_ptr<TlsSink> sink_;
  std::string buffer_;
  bool open_ = false;
  bool failed_ = false;
  bool ended_ = false;
};

}  // namespace

class TlsDialer::Impl {
 public:
  Impl(StreamHub& hub, Dialer& below, TlsClient options, Context context)
      : hub_(hub), below_(below), options_(std::move(options)), context_(std::move(context)) {}

  void dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler, Instant deadline) {
    std::string name = options_.server_name.empty() ? to.host : options_.server_name;
    Millis time =
        std::max(Millis(1), std::chrono::duration_cast<Millis>(deadline - hub_.env().now()));
    below_.dial(to,
                std::make_unique<TlsHandler>(hub_, context_, options_, std::move(name),
                                             std::move(handler), time),
                deadline);
  }

 private:
  StreamHub& hub_;
  Dialer& below_;
  const TlsClient options_;
  const Context context_;
};

Result<std::unique_ptr<TlsDialer>> TlsDialer::create(StreamHub& hub, Dialer& below,
                                                     TlsClient options) {
  auto context = TRY(make_context(options));
  auto impl = std::make_shared<Impl>(hub, below, std::move(options), std::move(context));
  return std::unique_ptr<TlsDialer>(new TlsDialer(std::move(impl)));
}

TlsDialer::TlsDialer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsDialer::~TlsDialer() = default;

void TlsDialer::dial(const Endpoint& to, std::unique_ptr<ConnectionHandler> handler,
                     Instant deadline) {
  impl_->dial(to, std::move(handler), deadline);
}

}  // namespace appliance
