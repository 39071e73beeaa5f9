package dev.asyncmysql.sample.account;

import java.math.BigDecimal;

import jakarta.validation.constraints.Digits;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;

/**
 * The request to open an account.
 *
 * @param owner whose account it will be
 * @param balance what the account holds from the start
 */
record NewAccount(@NotBlank @Size(max = 100) String owner,
		@NotNull @PositiveOrZero @Digits(integer = 12, fraction = 2) BigDecimal balance) {

	Account toAccount() {
		return new Account(null, null, this.owner, this.balance.setScale(2));
	}

}
