package dev.asyncmysql.sample.transfer;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Column;

/**
 * One row of the table {@code transfer}.
 *
 * @param id the key that the database chooses, {@code null} until then
 * @param from the account that pays
 * @param to the account that is paid
 * @param amount how much, more than zero
 */
public record Transfer(@Id @Nullable Long id, @Column("from_account") long from, @Column("to_account") long to,
		BigDecimal amount) {
}
