package dev.asyncmysql.sample.account;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/**
 * The request to change an account's owner.
 *
 * @param owner whose account it will be
 */
record OwnerChange(@NotBlank @Size(max = 100) String owner) {
}
