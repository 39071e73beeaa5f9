package dev.asyncmysql.sample.account;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

import org.springframework.data.annotation.Id;

/**
 * One row of the table {@code account}.
 *
 * @param id the key that the database chooses, {@code null} until then
 * @param owner whose account it is
 * @param balance what the account holds, never negative
 */
public record Account(@Id @Nullable Long id, String owner, BigDecimal balance) {
}
