#include "appliance/edge/link.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace appliance {
namespace {

// The BIO under a TLS session: its data word holds the descriptor and what the last recv() told, so
// that no allocation is needed. The library's own socket BIO would raise SIGPIPE, and would not say
// whether the socket was drained.
constexpr uintptr_t kDrained = uintptr_t{1} << 32;
constexpr uintptr_t kEnded = uintptr_t{1} << 33;

uintptr_t word_of(BIO* bio) {
  return reinterpret_cast<uintptr_t>(BIO_get_data(bio));
}
void set_word(BIO* bio, uintptr_t word) {
  BIO_set_data(bio, reinterpret_cast<void*>(word));
}
int fd_of(uintptr_t word) {
  return static_cast<int>(word & 0xffffffffu);
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int bio_read(BIO* bio, char* into, int size) {
  uintptr_t word = word_of(bio);
  BIO_clear_retry_flags(bio);
  ssize_t got = recv(fd_of(word), into, static_cast<size_t>(size), 0);
  if (got < size) {
    set_word(bio, word | kDrained | (got == 0 ? kEnded : 0));
  } else {
    set_word(bio, word & ~kDrained);
  }
  if (got < 0 && would_block()) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t put = send(fd_of(word_of(bio)), from, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (put < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(put);
}

long bio_ctrl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return (word_of(bio) & kEnded) ? 1 : 0;
  return 0;
}

BIO_METHOD* bio_method() {
  static BIO_METHOD* method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "paddock link");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_ctrl);
    return made;
  }();
  return method;
}

Io io_of(SSL* ssl, int result) {
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_NONE:
      return Io::ok;
    case SSL_ERROR_WANT_READ:
      return Io::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Io::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return Io::end;
    default:
      ERR_clear_error();
      return Io::broken;
  }
}

std::string text_of(const X509_NAME_ENTRY* entry) {
  unsigned char* text = nullptr;
  int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::shared_ptr<const engine::ClientCertificate> read_certificate(SSL* ssl) {
  X509* peer = SSL_get0_peer_certificate(ssl);
  // The context only ever verifies; a certificate that did not pass has ended the handshake.
  if (!peer || SSL_get_verify_result(ssl) != X509_V_OK) return nullptr;
  auto out = std::make_shared<engine::ClientCertificate>();
  X509_NAME* name = X509_get_subject_name(peer);
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    if (kind == NID_commonName) out->common_name = text_of(entry);
    if (kind == NID_organizationName) out->organizations.push_back(text_of(entry));
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(peer, EVP_sha256(), digest, &size) == 1) {
    constexpr char kHex[] = "0123456789abcdef";
    for (unsigned i = 0; i < size; ++i) {
      out->sha256 += kHex[digest[i] >> 4];
      out->sha256 += kHex[digest[i] & 15];
    }
  }
  return out;
}

constexpr size_t kReceiveBytes = 64u << 10;
constexpr size_t kSealRecords = 4;
constexpr size_t kSealBytes = 32 + kSealRecords * (kTlsPlainBytes + 22);

// For the length of one call only; what is left over moves into the connection's own string.
struct Buffers {
  std::array<char, kReceiveBytes> in;
  std::array<char, kSealBytes> out;
};
Buffers& buffers() {
  thread_local std::unique_ptr<Buffers> own(new Buffers);
  return *own;
}

}  // namespace

struct Link::Secure {
  explicit Secure(std::unique_ptr<TlsRecords> from) : records(std::move(from)) {}
  std::unique_ptr<TlsRecords> records;
  std::string in;   // the beginning of a record
  std::string out;  // records that the socket did not take yet
  size_t out_at = 0;
  bool ended = false;  // a close_notify has come, behind data
  bool said_close = false;
};

Link::Link() = default;
Link::Link(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}

Link::Link(Link&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      drained_(other.drained_),
      ssl_(std::exchange(other.ssl_, nullptr)),
      secure_(std::move(other.secure_)),
      peer_(std::move(other.peer_)),
      certificate_(std::move(other.certificate_)) {}

Link& Link::operator=(Link&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  drained_ = other.drained_;
  ssl_ = std::exchange(other.ssl_, nullptr);
  secure_ = std::move(other.secure_);
  peer_ = std::move(other.peer_);
  certificate_ = std::move(other.certificate_);
  return *this;
}

Link::~Link() {
  close();
}

bool Link::start_tls(ssl_ctx_st* context) {
  ssl_ = SSL_new(context);
  if (!ssl_) return false;
  BIO* bio = BIO_new(bio_method());
  if (!bio) return false;
  set_word(bio, static_cast<uintptr_t>(static_cast<unsigned>(fd_)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
  // No reading ahead during the handshake: not a byte after it may get into the SSL object, which
  // is then given up.
  TlsRecords::watch(ssl_);
  return true;
}

Io Link::handshake() {
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_);
  Io io = io_of(ssl_, result);
  if (io != Io::ok) return io;
  certificate_ = read_certificate(ssl_);
  if (auto records = TlsRecords::take_over(ssl_)) {
    SSL_free(std::exchange(ssl_, nullptr));
    secure_ = std::make_unique<Secure>(std::move(records));
  } else {
    TlsRecords::forget(ssl_);
    SSL_set_read_ahead(ssl_, 1);
  }
  drained_ = false;
  return Io::ok;
}

Io Link::read(std::span<char> into, size_t& got) {
  got = 0;
  if (secure_) return read_records(into, got);
  if (ssl_) {
    ERR_clear_error();
    int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
    return result == 1 ? Io::ok : io_of(ssl_, result);
  }
  ssize_t size = recv(fd_, into.data(), into.size(), 0);
  drained_ = size < static_cast<ssize_t>(into.size());
  if (size > 0) {
    got = static_cast<size_t>(size);
    return Io::ok;
  }
  if (size == 0) return Io::end;
  return would_block() ? Io::want_read : Io::broken;
}

// Opens as many records as have come and as `into` has room for.
Io Link::read_records(std::span<char> into, size_t& got) {
  Secure& secure = *secure_;
  if (secure.ended) return Io::end;
  auto& in = buffers().in;
  size_t have = secure.in.size();
  std::memcpy(in.data(), secure.in.data(), have);
  bool whole =
      TlsRecords::record_bytes(secure.in) > 0 && TlsRecords::record_bytes(secure.in) <= have;
  if (!whole) {
    ssize_t size = recv(fd_, in.data() + have, in.size() - have, 0);
    drained_ = size < static_cast<ssize_t>(in.size() - have);
    if (size < 0) return would_block() ? Io::want_read : Io::broken;
    if (size == 0)
      return Io::broken;  // the end without a close_notify: what was sent may have been cut
    have += static_cast<size_t>(size);
  }
  std::string_view rest(in.data(), have);
  Io io = Io::ok;
  while (io == Io::ok) {
    size_t record = TlsRecords::record_bytes(rest);
    if (record > kTlsRecordBytes) io = Io::broken;
    if (record == 0 || record > rest.size() || into.size() - got < kTlsPlainBytes + 256) break;
    size_t size = 0;
    switch (secure.records->open(rest.substr(0, record), into.subspan(got), size)) {
      case TlsRecords::Got::data:
      case TlsRecords::Got::nothing:
        break;
      case TlsRecords::Got::end:
        io = Io::end;
        break;
      case TlsRecords::Got::broken:
        io = Io::broken;
        break;
    }
    got += size;
    rest.remove_prefix(record);
  }
  if (io == Io::broken) return io;
  if (io == Io::end && got == 0) return io;
  secure.ended = io == Io::end;
  secure.in = secure.ended ? std::string() : std::string(rest);
  return got > 0 ? Io::ok : Io::want_read;
}

Io Link::write(std::string_view from, size_t& put) {
  return write(from, {}, put);
}

Io Link::write(std::string_view first, std::string_view second, size_t& put) {
  put = 0;
  if (secure_) return write_records(first, second, put);
  if (first.empty()) std::swap(first, second);
  if (first.empty()) return Io::ok;
  if (ssl_) {
    // One record for both where they fit: a record more costs more than the copy.
    if (!second.empty() && first.size() < kTlsPlainBytes) {
      char* record = buffers().out.data();
      size_t tail = std::min(second.size(), kTlsPlainBytes - first.size());
      std::memcpy(record, first.data(), first.size());
      std::memcpy(record + first.size(), second.data(), tail);
      first = std::string_view(record, first.size() + tail);
    }
    ERR_clear_error();
    int result = SSL_write_ex(ssl_, first.data(), first.size(), &put);
    return result == 1 ? Io::ok : io_of(ssl_, result);
  }
  if (second.empty()) return send_some(first, put);
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t size = sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (size < 0) return would_block() ? Io::want_write : Io::broken;
  put = static_cast<size_t>(size);
  return Io::ok;
}

Io Link::send_some(std::string_view bytes, size_t& put) {
  put = 0;
  ssize_t size = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (size < 0) return would_block() ? Io::want_write : Io::broken;
  put = static_cast<size_t>(size);
  return Io::ok;
}

Io Link::write_records(std::string_view first, std::string_view second, size_t& put) {
  if (Io io = flush(); io != Io::ok) return io;
  if (first.empty() && second.empty()) return Io::ok;
  auto& out = buffers().out;
  size_t used = 0;
  put = secure_->records->seal(first, second, out, used);
  if (put == 0) return Io::broken;
  size_t sent = 0;
  Io io = send_some(std::string_view(out.data(), used), sent);
  if (io == Io::broken) return io;
  // What is sealed is sealed: it cannot be made again with other bytes, so it waits here.
  if (sent < used) {
    secure_->out.assign(out.data() + sent, used - sent);
    secure_->out_at = 0;
  }
  return Io::ok;
}

Io Link::flush() {
  if (!secure_ || secure_->out.empty()) return Io::ok;
  Secure& secure = *secure_;
  while (secure.out_at < secure.out.size()) {
    size_t put = 0;
    Io io = send_some(std::string_view(secure.out).substr(secure.out_at), put);
    if (io != Io::ok) return io;
    secure.out_at += put;
  }
  secure.out = {};
  secure.out_at = 0;
  return Io::ok;
}

bool Link::more_to_read() const {
  if (secure_) {
    size_t record = TlsRecords::record_bytes(secure_->in);
    return !drained_ || secure_->ended || (record > 0 && record <= secure_->in.size());
  }
  if (!ssl_) return !drained_;
  return SSL_has_pending(ssl_) == 1 || !(word_of(SSL_get_rbio(ssl_)) & kDrained);
}

void Link::say_close() {
  if (ssl_) {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  if (secure_ && !secure_->said_close && flush() == Io::ok) {
    secure_->said_close = true;
    char record[64];
    size_t put = 0;
    (void)send_some(std::string_view(record, secure_->records->seal_close(record)), put);
  }
}

void Link::shutdown_write() {
  if (fd_ < 0) return;
  say_close();
  ::shutdown(fd_, SHUT_WR);
}

void Link::close() {
  if (fd_ >= 0) say_close();
  if (ssl_) {
    TlsRecords::forget(ssl_);
    SSL_free(std::exchange(ssl_, nullptr));
  }
  secure_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace appliance
