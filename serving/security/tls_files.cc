#include "serving/security/tls_files.h"

#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "index/base/file.h"
#include "index/base/status_macros.h"

namespace usher {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Reading(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
             &BIO_free);
}

// An encrypted key has nobody who could be asked.
int NoPassword(char*, int, int, void*) { return 0; }

absl::StatusOr<Certificate> FirstCertificate(const std::string& path,
                                             const std::string& text) {
  Certificate certificate(
      PEM_read_bio_X509(Reading(text).get(), nullptr, &NoPassword, nullptr),
      &X509_free);
  ERR_clear_error();
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": holds no certificate in PEM form"));
  }
  return certificate;
}

absl::StatusOr<Key> FirstKey(const std::string& path, const std::string& text) {
  Key key(PEM_read_bio_PrivateKey(Reading(text).get(), nullptr, &NoPassword,
                                  nullptr),
          &EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": holds no unencrypted private key in PEM form"));
  }
  return key;
}

Micros EndOf(const X509* certificate) {
  tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) {
    return kNoTime;
  }
  return static_cast<Micros>(timegm(&parts)) * kSecond;
}

absl::Status ErrorOfSystem(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

absl::StatusOr<int> MemoryDescriptor(absl::string_view bytes) {
  const int descriptor = memfd_create("usher-tls", MFD_CLOEXEC);
  if (descriptor < 0) return ErrorOfSystem("memfd_create");
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      const absl::Status error = ErrorOfSystem("memory file");
      close(descriptor);
      return error;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return descriptor;
}

}  // namespace

absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsOptions& options) {
  ASSIGN_OR_RETURN(const std::string cert, ReadFile(options.cert));
  ASSIGN_OR_RETURN(const std::string key, ReadFile(options.key));
  ASSIGN_OR_RETURN(const Certificate certificate,
                   FirstCertificate(options.cert, cert));
  ASSIGN_OR_RETURN(const Key private_key, FirstKey(options.key, key));
  const bool match =
      X509_check_private_key(certificate.get(), private_key.get()) == 1;
  ERR_clear_error();
  if (!match) {
    return absl::InvalidArgumentError(absl::StrCat(
        options.key, ": is not the key of the certificate in ", options.cert));
  }
  TlsMaterial material;
  material.identity = absl::StrCat(cert, "\n", key);
  material.ends = EndOf(certificate.get());
  if (!options.client_ca.empty()) {
    ASSIGN_OR_RETURN(material.client_ca, ReadFile(options.client_ca));
    RETURN_IF_ERROR(
        FirstCertificate(options.client_ca, material.client_ca).status());
  }
  return material;
}

absl::StatusOr<std::unique_ptr<MemoryFile>> MemoryFile::New(
    absl::string_view bytes) {
  ASSIGN_OR_RETURN(const int descriptor, MemoryDescriptor(bytes));
  return absl::WrapUnique(new MemoryFile(descriptor));
}

MemoryFile::~MemoryFile() { close(descriptor_); }

std::string MemoryFile::path() const {
  return absl::StrCat("/proc/self/fd/", descriptor_);
}

absl::Status MemoryFile::Replace(absl::string_view bytes) {
  ASSIGN_OR_RETURN(const int next, MemoryDescriptor(bytes));
  const bool replaced = dup3(next, descriptor_, O_CLOEXEC) >= 0;
  close(next);
  return replaced ? absl::OkStatus() : ErrorOfSystem("dup3");
}

TlsFiles::TlsFiles(const TlsOptions& options, TlsMaterial material,
                   std::unique_ptr<MemoryFile> identity,
                   std::unique_ptr<MemoryFile> client_ca)
    : options_(options),
      identity_(std::move(identity)),
      client_ca_(std::move(client_ca)),
      material_(std::move(material)) {}

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(
    const TlsOptions& options) {
  ASSIGN_OR_RETURN(TlsMaterial material, ReadTlsFiles(options));
  ASSIGN_OR_RETURN(auto identity, MemoryFile::New(material.identity));
  ASSIGN_OR_RETURN(auto client_ca, MemoryFile::New(material.client_ca));
  return absl::WrapUnique(new TlsFiles(
      options, std::move(material), std::move(identity), std::move(client_ca)));
}

absl::StatusOr<bool> TlsFiles::RunOnce() {
  absl::StatusOr<TlsMaterial> next = ReadTlsFiles(options_);
  absl::MutexLock lock(&mu_);
  if (!next.ok()) {
    const std::string trouble(next.status().message());
    if (trouble == trouble_) return false;
    trouble_ = trouble;
    return next.status();
  }
  trouble_.clear();
  if (next->identity == material_.identity &&
      next->client_ca == material_.client_ca) {
    return false;
  }
  RETURN_IF_ERROR(identity_->Replace(next->identity));
  RETURN_IF_ERROR(client_ca_->Replace(next->client_ca));
  material_ = *std::move(next);
  return true;
}

Micros TlsFiles::ends() const {
  absl::MutexLock lock(&mu_);
  return material_.ends;
}

}  // namespace usher
