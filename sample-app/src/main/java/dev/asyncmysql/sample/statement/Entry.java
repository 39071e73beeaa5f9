package dev.asyncmysql.sample.statement;

import java.math.BigDecimal;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One line of a statement: one side of a transfer, or a deposit.
 *
 * @param id the key; it grows with time
 * @param transferId the transfer that the entry belongs to
 * @param reference the reference of the deposit
 * @param amount what the account gained, negative where it paid
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Entry(long id, @Nullable Long transferId, @Nullable String reference, BigDecimal amount) {
}
