// How much memory the process has held at most.
#ifndef USHER_TRAINER_PEAK_MEMORY_H_
#define USHER_TRAINER_PEAK_MEMORY_H_

namespace usher {

// Begins a new peak: what is held now. False where the system does not let it.
bool ResetPeakMemory();

// The peak of the resident memory since then, or since the process began, in
// MB (2^20 bytes); NaN where the system does not say.
double PeakMemoryMb();

}  // namespace usher

#endif  // USHER_TRAINER_PEAK_MEMORY_H_
