package dev.asyncmysql.sample.deposit;

import java.math.BigDecimal;

import jakarta.validation.constraints.Digits;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;

/**
 * One line of an upload.
 *
 * @param reference tells the deposit from all others of its account
 * @param amount how much came in
 */
record Deposit(
		@NotNull @Pattern(regexp = "[!-~]{1,64}",
				message = "must have 1 to 64 visible ASCII characters") String reference,
		@NotNull @Positive @Digits(integer = 12, fraction = 2) BigDecimal amount) {
}
