#include "appliance/edge/tls_records.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "appliance/edge/http_text.h"

namespace appliance {
namespace {

constexpr size_t kHeader = 5;
constexpr size_t kTag = 16;
constexpr unsigned char kAlert = 21, kHandshake = 22, kData = 23;
constexpr uint64_t kRecordsPerKey = uint64_t{1} << 22;  // AES-GCM's limit is 2^24.5 full records
constexpr uint16_t kUpdatesInARow = 64;

struct Suite {
  uint16_t id;
  const EVP_CIPHER* (*cipher)();
  const EVP_MD* (*digest)();
  uint8_t key_size;
};
constexpr Suite kSuites[] = {
    {0x1301, EVP_aes_128_gcm, EVP_sha256, 16},
    {0x1302, EVP_aes_256_gcm, EVP_sha384, 32},
    {0x1303, EVP_chacha20_poly1305, EVP_sha256, 32},
};

// What the callbacks of a handshake note down.
struct Notes {
  std::array<unsigned char, 48> read{}, write{};
  size_t read_size = 0, write_size = 0;
  uint64_t records_read = 0, records_written = 0;  // since the secret of that direction was made
};

int notes_index() {
  static int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}
Notes* notes_of(const SSL* session) {
  return static_cast<Notes*>(SSL_get_ex_data(session, notes_index()));
}

void on_secret(const SSL* session, const char* line) {
  Notes* notes = notes_of(session);
  if (!notes) return;
  std::string_view text(line);
  bool ours = text.substr(0, 24) == "SERVER_TRAFFIC_SECRET_0 ";
  if (!ours && text.substr(0, 24) != "CLIENT_TRAFFIC_SECRET_0 ") return;
  std::string_view hex = text.substr(text.rfind(' ') + 1);
  auto& into = ours ? notes->write : notes->read;
  size_t size = std::min(hex.size() / 2, into.size());
  for (size_t i = 0; i < size; ++i)
    into[i] = static_cast<unsigned char>(http_text::hex_digit(hex[2 * i]) * 16 +
                                         http_text::hex_digit(hex[2 * i + 1]));
  (ours ? notes->write_size : notes->read_size) = size;
  (ours ? notes->records_written : notes->records_read) = 0;
}

void on_message(int written, int, int type, const void*, size_t, SSL*, void* arg) {
  if (type != SSL3_RT_HEADER) return;
  auto* notes = static_cast<Notes*>(arg);
  ++(written ? notes->records_written : notes->records_read);
}

// One cipher of each kind and direction for all connections of a thread; setting a key costs less
// than a record's system call.
class Ciphers {
 public:
  ~Ciphers() {
    for (auto& slot : slots_)
      if (slot.context) EVP_CIPHER_CTX_free(slot.context);
  }
  EVP_CIPHER_CTX* get(uint8_t suite, int encrypt, uint64_t key_id, const unsigned char* key,
                      const unsigned char* nonce) {
    Slot& slot = slots_[suite * 2u + static_cast<unsigned>(encrypt)];
    if (!slot.context) {
      slot.context = EVP_CIPHER_CTX_new();
      EVP_CipherInit_ex(slot.context, kSuites[suite].cipher(), nullptr, nullptr, nullptr, encrypt);
    }
    bool same = slot.key_id == key_id;
    slot.key_id = key_id;
    if (EVP_CipherInit_ex(slot.context, nullptr, nullptr, same ? nullptr : key, nonce, encrypt) !=
        1) {
      slot.key_id = 0;
      return nullptr;
    }
    return slot.context;
  }

 private:
  struct Slot {
    EVP_CIPHER_CTX* context = nullptr;
    uint64_t key_id = 0;
  };
  std::array<Slot, 6> slots_;
};

Ciphers& ciphers() {
  thread_local Ciphers own;
  return own;
}

// HKDF-Expand-Label with an empty context; what is asked for never exceeds one block of the hash.
void expand(const EVP_MD* digest, const unsigned char* secret, std::string_view label,
            unsigned char* out, size_t size) {
  std::string info;
  info += static_cast<char>(size >> 8);
  info += static_cast<char>(size);
  info += static_cast<char>(6 + label.size());
  info += "tls13 ";
  info += label;
  info += '\0';
  info += '\1';
  unsigned char block[EVP_MAX_MD_SIZE];
  unsigned made = 0;
  HMAC(digest, secret, EVP_MD_get_size(digest), reinterpret_cast<const unsigned char*>(info.data()),
       info.size(), block, &made);
  std::memcpy(out, block, size);
  OPENSSL_cleanse(block, sizeof block);
}

void make_nonce(const std::array<unsigned char, 12>& iv, uint64_t sequence, unsigned char* nonce) {
  std::memcpy(nonce, iv.data(), iv.size());
  for (unsigned i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<unsigned char>(sequence >> (8 * i));
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(char* text) {
  return reinterpret_cast<unsigned char*>(text);
}

}  // namespace

void TlsRecords::prepare(ssl_ctx_st* context) {
  SSL_CTX_set_keylog_callback(context, on_secret);
}

void TlsRecords::watch(ssl_st* session) {
  if (!SSL_CTX_get_keylog_callback(SSL_get_SSL_CTX(session))) return;
  auto* notes = new Notes;
  SSL_set_ex_data(session, notes_index(), notes);
  SSL_set_msg_callback(session, on_message);
  SSL_set_msg_callback_arg(session, notes);
}

void TlsRecords::forget(ssl_st* session) {
  Notes* notes = notes_of(session);
  if (!notes) return;
  SSL_set_msg_callback(session, nullptr);
  SSL_set_ex_data(session, notes_index(), nullptr);
  OPENSSL_cleanse(notes, sizeof *notes);
  delete notes;
}

std::unique_ptr<TlsRecords> TlsRecords::take_over(ssl_st* session) {
  Notes* notes = notes_of(session);
  if (!notes || SSL_version(session) != TLS1_3_VERSION || SSL_has_pending(session)) return nullptr;
  uint16_t id = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(session));
  auto suite = std::find_if(std::begin(kSuites), std::end(kSuites),
                            [&](const Suite& one) { return one.id == id; });
  if (suite == std::end(kSuites)) return nullptr;
  auto size = static_cast<size_t>(EVP_MD_get_size(suite->digest()));
  if (notes->read_size != size || notes->write_size != size) return nullptr;
  auto out = std::make_unique<TlsRecords>();
  out->suite_ = static_cast<uint8_t>(suite - std::begin(kSuites));
  out->read_.secret = notes->read;
  out->write_.secret = notes->write;
  out->set_keys(out->read_);
  out->set_keys(out->write_);
  out->read_.sequence = notes->records_read;
  out->write_.sequence = notes->records_written;
  forget(session);
  return out;
}

TlsRecords::~TlsRecords() {
  OPENSSL_cleanse(&read_, sizeof read_);
  OPENSSL_cleanse(&write_, sizeof write_);
}

void TlsRecords::set_keys(Direction& direction) {
  static std::atomic<uint64_t> next_id{1};
  const Suite& suite = kSuites[suite_];
  expand(suite.digest(), direction.secret.data(), "key", direction.key.data(), suite.key_size);
  expand(suite.digest(), direction.secret.data(), "iv", direction.iv.data(), direction.iv.size());
  direction.sequence = 0;
  direction.key_id = next_id.fetch_add(1, std::memory_order_relaxed);
}

void TlsRecords::next_secret(Direction& direction) {
  const EVP_MD* digest = kSuites[suite_].digest();
  std::array<unsigned char, 48> next{};
  expand(digest, direction.secret.data(), "traffic upd", next.data(),
         static_cast<size_t>(EVP_MD_get_size(digest)));
  direction.secret = next;
  OPENSSL_cleanse(next.data(), next.size());
  set_keys(direction);
}

// One record; its size, or 0 when the cipher fails.
size_t TlsRecords::seal_one(unsigned char type, std::string_view first, std::string_view second,
                            char* out) {
  size_t inner = first.size() + second.size() + 1;
  size_t size = inner + kTag;
  out[0] = kData;
  out[1] = out[2] = 3;
  out[3] = static_cast<char>(size >> 8);
  out[4] = static_cast<char>(size);
  unsigned char nonce[12];
  make_nonce(write_.iv, write_.sequence, nonce);
  EVP_CIPHER_CTX* cipher = ciphers().get(suite_, 1, write_.key_id, write_.key.data(), nonce);
  if (!cipher) return 0;
  int moved = 0;
  unsigned char* to = bytes(out) + kHeader;
  bool good = EVP_EncryptUpdate(cipher, nullptr, &moved, bytes(out), kHeader) == 1;
  for (std::string_view piece : {first, second}) {
    if (piece.empty()) continue;
    good = good &&
           EVP_EncryptUpdate(cipher, to, &moved, bytes(piece), static_cast<int>(piece.size())) == 1;
    to += piece.size();
  }
  good = good && EVP_EncryptUpdate(cipher, to, &moved, &type, 1) == 1;
  to += 1;
  good = good && EVP_EncryptFinal_ex(cipher, to, &moved) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTag, to) == 1;
  if (!good) return 0;
  ++write_.sequence;
  return kHeader + size;
}

size_t TlsRecords::seal(std::string_view first, std::string_view second, std::span<char> out,
                        size_t& used) {
  used = 0;
  size_t taken = 0;
  if (owes_update_ || write_.sequence >= kRecordsPerKey) {
    static constexpr std::string_view kUpdate("\x18\x00\x00\x01\x00", 5);
    size_t size = seal_one(kHandshake, kUpdate, {}, out.data());
    if (size == 0) return 0;
    used += size;
    owes_update_ = false;
    next_secret(write_);
  }
  while (!first.empty() || !second.empty()) {
    size_t left = out.size() - used;
    constexpr size_t kAround = kHeader + 1 + kTag;
    if (left <= kAround) break;
    size_t most = std::min(kTlsPlainBytes, left - kAround);
    // Not a small record only because the buffer ends.
    if (taken > 0 && most < kTlsPlainBytes && first.size() + second.size() > most) break;
    std::string_view head = first.substr(0, most);
    std::string_view tail = second.substr(0, most - head.size());
    size_t size = seal_one(kData, head, tail, out.data() + used);
    if (size == 0) break;
    used += size;
    taken += head.size() + tail.size();
    first.remove_prefix(head.size());
    second.remove_prefix(tail.size());
  }
  return taken;
}

size_t TlsRecords::seal_close(std::span<char> out) {
  static constexpr std::string_view kCloseNotify("\x01\x00", 2);
  if (out.size() < kHeader + 2 + 1 + kTag) return 0;
  return seal_one(kAlert, kCloseNotify, {}, out.data());
}

size_t TlsRecords::record_bytes(std::string_view record) {
  if (record.size() < kHeader) return 0;
  return kHeader + static_cast<size_t>(static_cast<unsigned char>(record[3]) << 8 |
                                       static_cast<unsigned char>(record[4]));
}

TlsRecords::Got TlsRecords::open(std::string_view record, std::span<char> out, size_t& size) {
  size = 0;
  size_t body = record.size() - kHeader;
  bool shaped = record[0] == kData && record[1] == 3 && record[2] == 3 && body > kTag &&
                body <= kTlsPlainBytes + 256;
  if (!shaped || out.size() < body - kTag) return Got::broken;
  unsigned char nonce[12];
  make_nonce(read_.iv, read_.sequence, nonce);
  EVP_CIPHER_CTX* cipher = ciphers().get(suite_, 0, read_.key_id, read_.key.data(), nonce);
  int moved = 0;
  char tag[kTag];
  std::memcpy(tag, record.data() + record.size() - kTag, kTag);
  bool good = cipher && EVP_DecryptUpdate(cipher, nullptr, &moved, bytes(record), kHeader) == 1 &&
              EVP_DecryptUpdate(cipher, bytes(out.data()), &moved, bytes(record) + kHeader,
                                static_cast<int>(body - kTag)) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTag, tag) == 1 &&
              EVP_DecryptFinal_ex(cipher, bytes(out.data()) + (body - kTag), &moved) == 1;
  if (!good) return Got::broken;
  ++read_.sequence;
  size_t inner = body - kTag;
  while (inner > 0 && out[inner - 1] == 0) --inner;  // padding
  if (inner == 0 || inner - 1 > kTlsPlainBytes) return Got::broken;
  auto type = static_cast<unsigned char>(out[inner - 1]);
  if (type != kData) return control(type, std::string_view(out.data(), inner - 1));
  size = inner - 1;
  updates_ = size > 0 ? uint16_t{0} : static_cast<uint16_t>(updates_ + 1);
  if (updates_ > kUpdatesInARow) return Got::broken;
  return size > 0 ? Got::data : Got::nothing;
}

// Records that are not data. A flood of empty ones is an attack, for each costs us a decryption.
TlsRecords::Got TlsRecords::control(unsigned char type, std::string_view content) {
  if (++updates_ > kUpdatesInARow) return Got::broken;
  if (type == kAlert && content.size() == 2) {
    constexpr char kCloseNotify = 0, kUserCanceled = 90;
    if (content[1] == kCloseNotify) return Got::end;
    return content[1] == kUserCanceled ? Got::nothing : Got::broken;
  }
  bool update = type == kHandshake && content.size() == 5 &&
                content.substr(0, 4) == std::string_view("\x18\x00\x00\x01", 4) &&
                static_cast<unsigned char>(content[4]) <= 1;
  if (!update) return Got::broken;
  owes_update_ = owes_update_ || content[4] == 1;
  next_secret(read_);
  return Got::nothing;
}

}  // namespace appliance
